import { readRegularFile } from '../../keyring/index.ts';
import { SharedError } from '../../shared/index.ts';
import { bearerKey, loadSettings, type SettingsOf } from '../settings/index.ts';
import { ApiClient, type Credentials } from './api-client.ts';
import { readSession, sessionFile, type StoredSession } from './session-file.ts';

const MAX_KEY_BYTES = 1_024;
/** Where `npm start` listens. */
const SANDBOX_URL = 'http://127.0.0.1:7400';

/** Where a command goes, and as whom. */
export interface Connection {
  readonly url: string;
  readonly api: ApiClient;
  readonly settings: SettingsOf<'client'>;
  readonly sessionPath: string;
  readonly session: StoredSession | undefined;
}

async function apiKeyOf(settings: SettingsOf<'client'>): Promise<string | undefined> {
  const { TRILOCK_API_KEY: key, TRILOCK_API_KEY_FILE: file } = settings;
  if (key !== undefined && file !== undefined) {
    throw new SharedError('config_invalid', 'Give TRILOCK_API_KEY or TRILOCK_API_KEY_FILE, not both.');
  }
  if (file === undefined) return key;
  const text = await readRegularFile(file, { maxBytes: MAX_KEY_BYTES, ownerOnly: true });
  const parsed = bearerKey.safeParse(text.toString('utf8').trim());
  if (parsed.success) return parsed.data;
  throw new SharedError('config_invalid', `${file} holds no API key.`);
}

function credentialsOf(key: string | undefined, session: StoredSession | undefined): Credentials {
  if (key !== undefined) return { kind: 'api_key', key };
  if (session === undefined) return { kind: 'nobody' };
  return { kind: 'session', cookie: session.cookie, csrfToken: session.csrfToken };
}

/** An API key counts before a session. A session is used at the address alone where it was opened. */
export async function connect(options: { readonly idempotencyKey?: string }): Promise<Connection> {
  const settings = loadSettings('client', process.env);
  const sessionPath = sessionFile(settings.TRILOCK_SESSION_FILE);
  const key = await apiKeyOf(settings);
  const stored = key === undefined ? await readSession(sessionPath) : undefined;
  const url = settings.TRILOCK_URL ?? stored?.url ?? SANDBOX_URL;
  const session =
    stored !== undefined && new URL(stored.url).origin === new URL(url).origin ? stored : undefined;
  const credentials = credentialsOf(key, session);
  const { idempotencyKey } = options;
  return { url, api: new ApiClient({ url, credentials, idempotencyKey }), settings, sessionPath, session };
}
