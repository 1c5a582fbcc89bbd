import { ChainQuorum, connectNode, type ChainNode, type RpcCredentials } from '../../chain/index.ts';
import { SharedError, systemClock } from '../../shared/index.ts';
import type { SettingsOf } from '../settings/index.ts';

/** Of one exchange with one node. A large block takes seconds; a node that hangs must not keep the others waiting. */
const NODE_TIMEOUT_MS = 10_000;
const NODE_ATTEMPTS = 2;
const MINUTE_MS = 60_000;

function invalid(text: string): SharedError {
  return new SharedError('config_invalid', text);
}

/** How to sign in at each node: by cookie files, or by one user and password. @throws SharedError `config_invalid`. */
function credentialsOf(settings: SettingsOf<'api' | 'worker'>): readonly RpcCredentials[] {
  const urls = settings.TRILOCK_BITCOIN_RPC_URL;
  const cookieFiles = settings.TRILOCK_BITCOIN_RPC_COOKIE_FILE;
  const user = settings.TRILOCK_BITCOIN_RPC_USER;
  const password = settings.TRILOCK_BITCOIN_RPC_PASSWORD;
  if (cookieFiles !== undefined && user === undefined && password === undefined) {
    if (cookieFiles.length === urls.length) return cookieFiles.map((cookieFile) => ({ cookieFile }));
    throw invalid(
      'Give as many files in TRILOCK_BITCOIN_RPC_COOKIE_FILE as nodes in TRILOCK_BITCOIN_RPC_URL.',
    );
  }
  if (cookieFiles === undefined && user !== undefined && password !== undefined) {
    return urls.map(() => ({ user, password }));
  }
  throw invalid(
    'Give TRILOCK_BITCOIN_RPC_COOKIE_FILE, or TRILOCK_BITCOIN_RPC_USER and TRILOCK_BITCOIN_RPC_PASSWORD, not both.',
  );
}

/** The Bitcoin nodes of the settings as one, by what most of them state alike. @throws SharedError `config_invalid`. */
export function bitcoinNodes(settings: SettingsOf<'api' | 'worker'>): ChainNode {
  const credentials = credentialsOf(settings);
  const minutes = settings.TRILOCK_STALE_TIP_MINUTES;
  return new ChainQuorum({
    sources: settings.TRILOCK_BITCOIN_RPC_URL.flatMap((url, index) => {
      const own = credentials[index];
      if (own === undefined) return [];
      const node = connectNode({
        ...{ url, credentials: own, timeoutMs: NODE_TIMEOUT_MS, attempts: NODE_ATTEMPTS },
      });
      return [{ name: new URL(url).host, node }];
    }),
    network: settings.TRILOCK_NETWORK,
    clock: systemClock,
    staleAfterMs: minutes === 0 ? Number.POSITIVE_INFINITY : minutes * MINUTE_MS,
  });
}
