import type { z } from 'zod';
import {
  absolutePath,
  absolutePaths,
  bearerKey,
  endpoint,
  hexHash,
  hexSecrets,
  httpUrl,
  httpUrls,
  mailAddress,
  namedEndpoints,
  oneOf,
  password,
  port,
  postgresUrl,
  shortText,
  smtpUrl,
  weeklyWindows,
  wholeNumber,
} from './fields.ts';

export const ROLES = [
  'api',
  'worker',
  'ledger',
  'signer',
  'signer-admin',
  'witness',
  'node',
  'sandbox',
  'migrate',
  'audit',
  'staff',
  'withdrawals',
  'wallets',
  'policy',
  'ledger-verify',
  'client',
] as const;

export type Role = (typeof ROLES)[number];

export interface Setting {
  readonly schema: z.ZodType<unknown, string>;
  readonly roles: readonly Role[];
  /** What it is when not given. A setting with neither default nor `optional` must be given. */
  readonly fallback?: string;
  readonly optional?: true;
  /** A secret is never printed, not even when it is wrong. */
  readonly secret?: true;
  /** A sentence for the README's table. */
  readonly meaning: string;
}

const NODE_ROLES = ['api', 'worker'] as const;
const LONG_RUNNING = ['api', 'worker', 'ledger', 'signer', 'witness', 'node', 'sandbox'] as const;

/** Every setting of Trilock, by the name of its environment variable. */
export const SETTINGS = {
  TRILOCK_NETWORK: {
    schema: oneOf('mainnet', 'testnet', 'signet', 'regtest'),
    roles: ['api', 'worker', 'signer', 'withdrawals', 'wallets', 'policy'],
    meaning: 'The Bitcoin network. There is no default: nobody should be on mainnet by accident.',
  },
  TRILOCK_LOG_LEVEL: {
    schema: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    roles: LONG_RUNNING,
    fallback: 'info',
    meaning: 'The least severe log line that is written. Logs are JSON lines on standard error.',
  },
  DATABASE_URL: {
    schema: postgresUrl,
    roles: ['api', 'worker', 'audit', 'staff', 'withdrawals', 'wallets', 'policy'],
    secret: true,
    meaning: 'The application’s database, as the role trilock_app. PostgreSQL 15 or newer.',
  },
  TRILOCK_LEDGER_DATABASE_URL: {
    schema: postgresUrl,
    roles: ['ledger', 'ledger-verify'],
    secret: true,
    meaning: 'The ledger’s database, as the role trilock_ledger.',
  },
  TRILOCK_SIGNER_DATABASE_URL: {
    schema: postgresUrl,
    roles: ['signer'],
    secret: true,
    meaning: 'The signer’s own database, as the role trilock_signer, best on the signer’s own host.',
  },
  TRILOCK_ADMIN_DATABASE_URL: {
    schema: postgresUrl,
    roles: ['migrate'],
    secret: true,
    meaning: 'The database as a role that may create roles and schemas. Only migrations use it.',
  },
  TRILOCK_SCHEMAS: {
    schema: shortText,
    roles: ['migrate'],
    fallback: 'app,ledger,signer',
    meaning: 'Which schemas live in that database, when ledger or signer have databases of their own.',
  },
  TRILOCK_HTTP_HOST: {
    schema: shortText,
    roles: ['api', 'sandbox'],
    fallback: '127.0.0.1',
    meaning: 'The address the API and the pages listen on. TLS is the business of the proxy in front.',
  },
  TRILOCK_HTTP_PORT: {
    schema: port,
    roles: ['api', 'sandbox'],
    fallback: '7400',
    meaning: 'The port of the API and the pages.',
  },
  TRILOCK_PUBLIC_URL: {
    schema: httpUrl,
    roles: NODE_ROLES,
    optional: true,
    meaning:
      'The address that browsers see, when a proxy stands in front. Requests of other sites are refused by it, and links in notices lead there.',
  },
  TRILOCK_HTTP_SECRETS: {
    schema: hexSecrets,
    roles: ['api'],
    secret: true,
    meaning:
      'Secrets under which the API hashes tokens and signs cursors, 32 bytes of hex each, separated by commas: the current one first, then earlier ones that still count.',
  },
  TRILOCK_WEBHOOK_SECRETS: {
    schema: hexSecrets,
    roles: [...NODE_ROLES, 'staff'],
    secret: true,
    meaning:
      'Secrets under which the signing secrets of webhooks are kept in the database, in the form of TRILOCK_HTTP_SECRETS. A set of its own, so that the worker does not hold the API’s. The links of notices that lock an account are signed under them too, and the roles of staff are sealed.',
  },
  TRILOCK_WEBHOOK_APPROVAL_SATOSHIS: {
    schema: wholeNumber(0, 999_999_999_999, 'satoshis'),
    roles: ['api'],
    optional: true,
    meaning:
      'Customers who hold so much do not say alone where their webhooks go: they sign with a pinned key, and others approve; 0 for all customers. Without it everybody decides alone.',
  },
  TRILOCK_WEBHOOK_LOOPBACK: {
    schema: oneOf('no', 'yes'),
    roles: NODE_ROLES,
    fallback: 'no',
    meaning: 'On regtest only: webhooks may go to this machine, and without TLS.',
  },
  TRILOCK_SMTP_URL: {
    schema: smtpUrl,
    roles: ['worker'],
    optional: true,
    secret: true,
    meaning:
      'Where mail to customers is handed in, smtps://user:password@host or smtp:// with STARTTLS. Without it nobody is told by mail.',
  },
  TRILOCK_SMTP_FROM: {
    schema: mailAddress,
    roles: ['worker'],
    optional: true,
    meaning: 'The sender of that mail.',
  },
  TRILOCK_SMS_URL: {
    schema: httpUrl,
    roles: ['worker'],
    optional: true,
    meaning:
      'The gateway for text messages: takes a POST of JSON with id, to and text. Without it nobody is told by text message.',
  },
  TRILOCK_SMS_TOKEN: {
    schema: bearerKey,
    roles: ['worker'],
    optional: true,
    secret: true,
    meaning: 'The bearer token of that gateway.',
  },
  TRILOCK_NOTICE_DIRECTORY: {
    schema: absolutePath,
    roles: ['worker'],
    optional: true,
    meaning: 'On regtest only: notices become files in this folder instead of being sent.',
  },
  TRILOCK_LEDGER_SOCKET: {
    schema: endpoint,
    roles: ['api', 'worker', 'ledger', 'wallets'],
    meaning: 'Where the ledger listens: a socket file, or a loopback host:port.',
  },
  TRILOCK_SIGNER_SOCKET: {
    schema: endpoint,
    roles: ['worker', 'signer', 'signer-admin'],
    meaning: 'Where the signer listens: a socket file, or host:port.',
  },
  TRILOCK_SECOND_SIGNER_SOCKET: {
    schema: endpoint,
    roles: ['worker'],
    optional: true,
    meaning:
      'Where the second signer listens, on another host: a signer of role platform_b. With it restrictions, credentials and revocations count when both signers have them, and a wallet of the plan treasury_hot can be opened.',
  },
  TRILOCK_SIGNER_ROLE: {
    schema: oneOf('platform_a', 'platform_b'),
    roles: ['signer'],
    fallback: 'platform_a',
    meaning:
      'Which signer this is. The second one, platform_b, completes payments of treasury_hot wallets and has a host, a database, a directory, backup sites and a witness of its own.',
  },
  TRILOCK_SIGNER_DIRECTORY: {
    schema: absolutePath,
    roles: ['signer'],
    meaning:
      'The signer’s own directory: its attestation key and the erasable slots of its platform keys. In no backup.',
  },
  TRILOCK_SIGNER_BACKUP_DIRECTORIES: {
    schema: absolutePaths,
    roles: ['signer'],
    fallback: '',
    meaning:
      'Two places or more, separated by commas, for the copies of platform keys that are wrapped to the offline masters. Without them no platform key is made.',
  },
  TRILOCK_SIGNER_MASTER_KEYS: {
    schema: absolutePaths,
    roles: ['signer'],
    fallback: '',
    meaning:
      'The public halves (PEM) of the two offline masters, inner and outer, separated by a comma. Without them no platform key is made.',
  },
  TRILOCK_SIGNER_DISASTER_KEY: {
    schema: absolutePath,
    roles: ['signer'],
    optional: true,
    meaning:
      'The public half (PEM) of the officers’ disaster key, to which each platform key is wrapped too. Required on mainnet.',
  },
  TRILOCK_WITNESS_SOCKET: {
    schema: endpoint,
    roles: ['signer', 'witness'],
    meaning: 'Where the witness listens: a socket file, or host:port on another host.',
  },
  TRILOCK_WITNESS_DIRECTORY: {
    schema: absolutePath,
    roles: ['witness'],
    meaning: 'The witness’s directory: its key and its one small file of what it has countersigned.',
  },
  TRILOCK_MANIFEST_DIRECTORY: {
    schema: absolutePath,
    roles: ['api', 'worker', 'staff', 'withdrawals', 'wallets'],
    optional: true,
    meaning:
      'Where the officers’ signed manifests lie: manifest-1.json, manifest-2.json … Without it no wallet is opened and no withdrawal approved.',
  },
  TRILOCK_FIRST_MANIFEST: {
    schema: hexHash,
    roles: ['api', 'worker', 'signer', 'withdrawals', 'wallets'],
    optional: true,
    meaning: 'The hash of manifest number 1, by which trust begins; `trilock manifest verify` prints it.',
  },
  TRILOCK_BITCOIN_RPC_URL: {
    schema: httpUrls,
    roles: NODE_ROLES,
    meaning:
      'The JSON-RPC of Bitcoin Core (28 or newer; no wallet is needed), http://host:port. In production three, separated by commas, on hosts and lines of their own: what two of them state alike counts, and one that lies or hangs changes nothing.',
  },
  TRILOCK_BITCOIN_RPC_COOKIE_FILE: {
    schema: absolutePaths,
    roles: NODE_ROLES,
    optional: true,
    meaning:
      'The cookie file of each node, in the order of their addresses, separated by commas. Give these, or user and password.',
  },
  TRILOCK_BITCOIN_RPC_USER: {
    schema: shortText,
    roles: NODE_ROLES,
    optional: true,
    meaning: 'User of the JSON-RPC, the same for every node.',
  },
  TRILOCK_BITCOIN_RPC_PASSWORD: {
    schema: shortText,
    roles: NODE_ROLES,
    optional: true,
    secret: true,
    meaning: 'Password of the JSON-RPC.',
  },
  TRILOCK_BATCH_SECONDS: {
    schema: wholeNumber(0, 3_600, 'seconds'),
    roles: ['worker'],
    fallback: '10',
    meaning:
      'How long an approved withdrawal waits for others of its wallet that are on their way, to share a transaction and its fee. One that is alone waits for nobody.',
  },
  TRILOCK_BATCH_SIZE: {
    schema: wholeNumber(1, 200, 'withdrawals'),
    roles: ['worker'],
    fallback: '50',
    meaning: 'How many withdrawals of one wallet share a transaction at most; 1: each has its own.',
  },
  TRILOCK_COLD_WINDOWS: {
    schema: weeklyWindows,
    roles: ['api', 'worker'],
    optional: true,
    meaning:
      'When the station signs: hours of the week, UTC, such as `Mon-Fri 09:00-10:00,16:00-17:00; Sat 12:00-12:30`. What it signs gathers until half an hour before, and customers see when. Without it, payouts are built at once.',
  },
  TRILOCK_RAISE_FEE_MINUTES: {
    schema: wholeNumber(1, 10_080, 'minutes'),
    roles: ['worker'],
    fallback: '60',
    meaning:
      'When a payout has waited for so long and blocks have become dearer than it is, the next of the fee variants that the station signed with it is used.',
  },
  TRILOCK_BREAKER_SATOSHIS: {
    schema: wholeNumber(1, 999_999_999_999, 'satoshis'),
    roles: ['worker'],
    optional: true,
    meaning:
      'When more satoshis than this have left for addresses outside within an hour, the circuit breaker trips and nothing leaves any more. Without it, only people trip it.',
  },
  TRILOCK_ESCALATION_MINUTES: {
    schema: wholeNumber(1, 10_080, 'minutes'),
    roles: ['worker'],
    fallback: '60',
    meaning:
      'When an intent has lain in the approval queue for so long, claimed by nobody, officers are told; four times as long when somebody has claimed it.',
  },
  TRILOCK_AUDIT_MINUTES: {
    schema: wholeNumber(1, 1_440, 'minutes'),
    roles: ['worker'],
    fallback: '60',
    meaning: 'How often the signer attests how far the audit log goes.',
  },
  TRILOCK_CHECKPOINT_DIRECTORY: {
    schema: absolutePath,
    roles: ['worker'],
    optional: true,
    meaning:
      'Where each checkpoint of the audit log is written as a file, to be carried to where nobody here can change it. The API gives them too.',
  },
  TRILOCK_DRILL_EVERY_DAYS: {
    schema: wholeNumber(1, 3_650, 'days'),
    roles: ['worker'],
    fallback: '30',
    meaning: 'How long after the last recovery drill, or the first wallet, the worker plans the next drill.',
  },
  TRILOCK_DRILL_WALLETS: {
    schema: wholeNumber(1, 9_999, 'wallets'),
    roles: ['worker'],
    fallback: '10',
    meaning: 'How many wallets such a drill draws: those proved longest ago, and others by lot.',
  },
  TRILOCK_DRILL_DIRECTORY: {
    schema: absolutePath,
    roles: ['worker'],
    optional: true,
    meaning:
      'Where the worker writes what is carried to the backup sites. Without it, `trilock drill fetch` writes it.',
  },
  TRILOCK_DRILL_LIMIT_DAYS: {
    schema: wholeNumber(1, 3_650, 'days'),
    roles: ['worker', 'wallets'],
    fallback: '90',
    meaning:
      'How old the last proof may be that the institution’s keys of a wallet can be restored, before the alarm.',
  },
  TRILOCK_STALE_TIP_MINUTES: {
    schema: wholeNumber(0, 10_000, 'minutes'),
    roles: NODE_ROLES,
    fallback: '90',
    meaning:
      'When no block has come for so long, nothing is credited or paid out until one comes: the nodes may be cut off. 0 for a regtest chain, where blocks come when asked for.',
  },
  TRILOCK_START_HEIGHT: {
    schema: wholeNumber(0, 100_000_000, 'blocks'),
    roles: ['worker'],
    optional: true,
    meaning:
      'The block to begin with, below the first payment to any wallet. Required on mainnet at the first start, and kept from then on: a lower one has the blocks between searched, a higher one is refused.',
  },
  TRILOCK_MONITOR: {
    schema: endpoint,
    roles: ['api', 'worker', 'ledger', 'signer', 'witness', 'node'],
    optional: true,
    meaning: 'Where this process answers operators: /healthz, /readyz, /metrics. Never public.',
  },
  TRILOCK_MONITORS: {
    schema: namedEndpoints,
    roles: ['api'],
    fallback: '',
    meaning: 'The monitors of the other processes, name=endpoint separated by commas, for the status page.',
  },
  TRILOCK_SHUTDOWN_SECONDS: {
    schema: wholeNumber(1, 600, 'seconds'),
    roles: LONG_RUNNING,
    fallback: '20',
    meaning: 'How long a stopping process may finish what it has begun.',
  },
  TRILOCK_RESTARTS: {
    schema: wholeNumber(0, 1_000_000_000, 'restarts'),
    roles: ['api', 'worker', 'ledger', 'signer', 'witness', 'node'],
    fallback: '0',
    meaning: 'Set by a supervisor: how often it had to start this process again. Shown on the status page.',
  },
  TRILOCK_DATA_DIRECTORY: {
    schema: absolutePath,
    roles: ['sandbox', 'node'],
    optional: true,
    meaning: 'Where the sandbox keeps database, chain and keys. Default: .trilock in the checkout.',
  },
  TRILOCK_SANDBOX_SIGNERS: {
    schema: oneOf('1', '2'),
    roles: ['sandbox'],
    optional: true,
    meaning:
      'With 2 the sandbox runs a second signer with a witness and a database of its own, and asks for the treasury wallet that both spend. From its first start on.',
  },
  TRILOCK_NODE_RPC_PORT: {
    schema: port,
    roles: ['node'],
    fallback: '0',
    meaning: 'The loopback port of the regtest node’s JSON-RPC.',
  },
  TRILOCK_URL: {
    schema: httpUrl,
    roles: ['client'],
    optional: true,
    meaning:
      'Where `trilock client` finds the API. Default: where the session was opened, else http://127.0.0.1:7400.',
  },
  TRILOCK_SESSION_FILE: {
    schema: absolutePath,
    roles: ['client'],
    optional: true,
    meaning:
      'Where `trilock client` keeps who is signed in, readable for its owner alone. Default: ~/.config/trilock/session.json.',
  },
  TRILOCK_PASSWORD: {
    schema: password,
    roles: ['client'],
    optional: true,
    secret: true,
    meaning: 'The password for `trilock client`, instead of a file or the question.',
  },
  TRILOCK_API_KEY: {
    schema: bearerKey,
    roles: ['client'],
    optional: true,
    secret: true,
    meaning: 'An API key for `trilock client`, which then needs no session.',
  },
  TRILOCK_API_KEY_FILE: {
    schema: absolutePath,
    roles: ['client'],
    optional: true,
    meaning: 'A file, readable for its owner alone, with that key.',
  },
  BITCOIND_BIN: {
    schema: absolutePath,
    roles: ['sandbox', 'node'],
    optional: true,
    meaning: 'A bitcoind for the sandbox to run on regtest in place of the embedded node.',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

type NamesOf<R extends Role> = {
  [Name in SettingName]: R extends (typeof SETTINGS)[Name]['roles'][number] ? Name : never;
}[SettingName];

type ValueOf<Name extends SettingName> =
  | z.output<(typeof SETTINGS)[Name]['schema']>
  | ((typeof SETTINGS)[Name] extends { optional: true } ? undefined : never);

/** The parsed settings of one role. */
export type SettingsOf<R extends Role> = { readonly [Name in NamesOf<R>]: ValueOf<Name> };
