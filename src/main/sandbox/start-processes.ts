import { join } from 'node:path';
import { parseSignedManifest } from '../../intents/index.ts';
import type { DatabaseSchema } from '../../postgres/index.ts';
import { signerClient } from '../../signer/index.ts';
import { readDocument } from '../../station/index.ts';
import type { SettingsOf } from '../settings/index.ts';
import { keptSecret, type DataDirectory } from './data-directory.ts';
import { DEMO_KEYS } from './demo-keys.ts';
import { freePort } from './free-port.ts';
import type { Household, Settings } from './household.ts';
import { institutionPlaces, type Institution } from './institution.ts';
import type { SandboxFacts } from './sandbox-facts.ts';

/** Two holders, one of each vault: neither opens the wrapped copy of a platform key alone. */
const SIGNER_MASTERS = [
  join(DEMO_KEYS, 'DEMO-cold-master-a.pub.pem'),
  join(DEMO_KEYS, 'DEMO-backup-master-a.pub.pem'),
];

const MONITORED = ['ledger', 'witness', 'signer', 'worker', 'api', 'node'] as const;

/** The signer keeps the manifest from then on; it is loaded once. */
async function putManifestInForce(signerSocket: string, manifests: string): Promise<void> {
  const signer = signerClient({ path: signerSocket });
  if ((await signer.status({})).manifest !== null) return;
  const signedManifest = parseSignedManifest(await readDocument(join(manifests, 'manifest-1.json')));
  await signer.loadManifest({ signedManifest });
}

export interface ProcessPlan {
  readonly household: Household;
  readonly directory: DataDirectory;
  readonly urls: Readonly<Record<DatabaseSchema, string>>;
  readonly institution: Institution;
  readonly settings: SettingsOf<'sandbox'>;
  readonly say: (line: string) => void;
}

/** Starts every role in the order in which they need each other. */
export async function startProcesses(plan: ProcessPlan): Promise<SandboxFacts> {
  const { household, directory, urls, institution, settings, say } = plan;
  const socket = (name: string): string => join(directory.sockets, name);
  const monitor = (name: string): string => socket(`${name}.mon`);
  const common = (name: string): Settings => ({
    TRILOCK_LOG_LEVEL: settings.TRILOCK_LOG_LEVEL,
    TRILOCK_SHUTDOWN_SECONDS: String(settings.TRILOCK_SHUTDOWN_SECONDS),
    TRILOCK_MONITOR: monitor(name),
  });
  const network = { TRILOCK_NETWORK: 'regtest' };
  const signer = { TRILOCK_SIGNER_SOCKET: socket('signer') };
  const firstManifest = { TRILOCK_FIRST_MANIFEST: institution.firstManifestHash };
  const manifests = {
    ...firstManifest,
    TRILOCK_MANIFEST_DIRECTORY: institutionPlaces(directory.root).manifests,
  };

  const node = await household.start('node', {
    ...common('node'),
    TRILOCK_DATA_DIRECTORY: directory.chain,
    // A port chosen here, so that a node that is started again is found where it was.
    TRILOCK_NODE_RPC_PORT: String(await freePort()),
    ...(settings.BITCOIND_BIN === undefined ? {} : { BITCOIND_BIN: settings.BITCOIND_BIN }),
  });
  say(`Bitcoin node (${node['kind'] ?? ''}, regtest) at ${node['url'] ?? ''}`);
  const chain: Settings = {
    TRILOCK_BITCOIN_RPC_URL: node['url'] ?? '',
    TRILOCK_BITCOIN_RPC_COOKIE_FILE: node['cookieFile'] ?? '',
  };

  const ledger = { TRILOCK_LEDGER_SOCKET: socket('ledger') };
  await household.start('ledger', {
    ...common('ledger'),
    ...ledger,
    TRILOCK_LEDGER_DATABASE_URL: urls.ledger,
  });
  const witness = { TRILOCK_WITNESS_SOCKET: socket('witness') };
  await household.start('witness', {
    ...common('witness'),
    ...witness,
    TRILOCK_WITNESS_DIRECTORY: directory.witness,
  });
  const signerFacts = await household.start('signer', {
    ...common('signer'),
    ...network,
    ...witness,
    ...signer,
    ...firstManifest,
    TRILOCK_SIGNER_MASTER_KEYS: SIGNER_MASTERS.join(','),
    TRILOCK_SIGNER_DATABASE_URL: urls.signer,
    TRILOCK_SIGNER_DIRECTORY: directory.signer,
    TRILOCK_SIGNER_BACKUP_DIRECTORIES: directory.backups.join(','),
  });
  await putManifestInForce(socket('signer'), institutionPlaces(directory.root).manifests);
  say(`signer signs with libsecp256k1 (${signerFacts['secp256k1'] ?? ''}), by the officers’ manifest 1`);
  const webhooks = {
    TRILOCK_WEBHOOK_SECRETS: await keptSecret(directory, 'webhook-secret'),
    TRILOCK_WEBHOOK_LOOPBACK: 'yes',
  };
  await household.start('worker', {
    ...common('worker'),
    ...network,
    ...chain,
    ...ledger,
    ...signer,
    ...manifests,
    ...webhooks,
    DATABASE_URL: urls.app,
  });
  say('ledger, witness and worker run');
  const others = MONITORED.filter((name) => name !== 'api').map((name) => `${name}=${monitor(name)}`);
  const api = await household.start('api', {
    ...common('api'),
    ...network,
    ...chain,
    ...ledger,
    ...manifests,
    ...webhooks,
    DATABASE_URL: urls.app,
    TRILOCK_HTTP_SECRETS: await keptSecret(directory, 'http-secret'),
    TRILOCK_HTTP_HOST: settings.TRILOCK_HTTP_HOST,
    TRILOCK_HTTP_PORT: String(settings.TRILOCK_HTTP_PORT || (await freePort())),
    TRILOCK_MONITORS: others.join(','),
  });
  return {
    url: api['url'] ?? '',
    nodeUrl: node['url'] ?? '',
    nodeCookieFile: node['cookieFile'] ?? '',
    appDatabaseUrl: urls.app,
    ledgerSocket: socket('ledger'),
    signerSocket: socket('signer'),
  };
}
