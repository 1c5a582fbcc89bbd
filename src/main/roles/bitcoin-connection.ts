import { SharedError } from '../../shared/index.ts';
import type { RpcCredentials } from '../../chain/index.ts';
import type { SettingsOf } from '../settings/index.ts';

/** How to sign in at the node: by cookie file, or by user and password. @throws SharedError `config_invalid`. */
export function rpcCredentials(settings: SettingsOf<'api' | 'worker'>): RpcCredentials {
  const cookieFile = settings.TRILOCK_BITCOIN_RPC_COOKIE_FILE;
  const user = settings.TRILOCK_BITCOIN_RPC_USER;
  const password = settings.TRILOCK_BITCOIN_RPC_PASSWORD;
  if (cookieFile !== undefined && user === undefined && password === undefined) return { cookieFile };
  if (cookieFile === undefined && user !== undefined && password !== undefined) return { user, password };
  throw new SharedError(
    'config_invalid',
    'Give TRILOCK_BITCOIN_RPC_COOKIE_FILE, or TRILOCK_BITCOIN_RPC_USER and TRILOCK_BITCOIN_RPC_PASSWORD, not both.',
  );
}
