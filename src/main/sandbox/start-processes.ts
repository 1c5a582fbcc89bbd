import { join } from 'node:path';
import { parseSignedManifest } from '../../intents/index.ts';
import { freePort, type DatabaseSchema } from '../../postgres/index.ts';
import { signerClient } from '../../signer/index.ts';
import { readDocument } from '../../station/index.ts';
import type { SettingsOf } from '../settings/index.ts';
import { keptSecret, type DataDirectory } from './data-directory.ts';
import { DEMO_KEYS } from './demo-keys.ts';
import type { Keeper, Settings } from './household.ts';
import { institutionPlaces, type Institution } from './institution.ts';
import type { SandboxFacts } from './sandbox-facts.ts';

/** Two holders, one of each vault: neither opens the wrapped copy of a platform key alone. */
const SIGNER_MASTERS = [
  join(DEMO_KEYS, 'DEMO-cold-master-a.pub.pem'),
  join(DEMO_KEYS, 'DEMO-backup-master-a.pub.pem'),
];

const MONITORED = ['ledger', 'witness', 'signer', 'worker', 'node'] as const;

/** The signer keeps the manifest from then on; it is loaded once. */
async function putManifestInForce(signerSocket: string, manifests: string): Promise<void> {
  const signer = signerClient({ path: signerSocket });
  if ((await signer.status({})).manifest !== null) return;
  const signedManifest = parseSignedManifest(await readDocument(join(manifests, 'manifest-1.json')));
  await signer.loadManifest({ signedManifest });
}

export interface ProcessPlan {
  readonly household: Keeper;
  readonly directory: DataDirectory;
  readonly urls: Readonly<Record<DatabaseSchema, string>>;
  readonly institution: Institution;
  readonly settings: SettingsOf<'sandbox'>;
  readonly say: (line: string) => void;
}

interface CommonSettings {
  readonly socket: (name: string) => string;
  /** What every role is told. */
  readonly of: (role: string) => Settings;
  readonly firstManifest: Settings;
}

const NETWORK = { TRILOCK_NETWORK: 'regtest' };

function commonSettings({ directory, institution, settings }: ProcessPlan): CommonSettings {
  const socket = (name: string): string => join(directory.sockets, name);
  return {
    socket,
    of: (role) => ({
      TRILOCK_LOG_LEVEL: settings.TRILOCK_LOG_LEVEL,
      TRILOCK_SHUTDOWN_SECONDS: String(settings.TRILOCK_SHUTDOWN_SECONDS),
      TRILOCK_MONITOR: socket(`${role}.mon`),
    }),
    firstManifest: { TRILOCK_FIRST_MANIFEST: institution.firstManifestHash },
  };
}

type Facts = Readonly<Record<string, string>>;

async function startNode(
  { household, directory, settings, say }: ProcessPlan,
  common: CommonSettings,
): Promise<Facts> {
  const node = await household.start('node', {
    ...common.of('node'),
    TRILOCK_DATA_DIRECTORY: directory.chain,
    // A port chosen here, so that a node that is started again is found where it was.
    TRILOCK_NODE_RPC_PORT: String(await freePort()),
    ...(settings.BITCOIND_BIN === undefined ? {} : { BITCOIND_BIN: settings.BITCOIND_BIN }),
  });
  say(`Bitcoin node (${node['kind'] ?? ''}, regtest) at ${node['url'] ?? ''}`);
  return node;
}

async function startLedger({ household, urls, say }: ProcessPlan, common: CommonSettings): Promise<void> {
  await household.start('ledger', {
    ...common.of('ledger'),
    TRILOCK_LEDGER_SOCKET: common.socket('ledger'),
    TRILOCK_LEDGER_DATABASE_URL: urls.ledger,
  });
  say('the ledger leads');
}

async function startSigning(
  { household, directory, urls, say }: ProcessPlan,
  common: CommonSettings,
): Promise<void> {
  const witness = { TRILOCK_WITNESS_SOCKET: common.socket('witness') };
  await household.start('witness', {
    ...common.of('witness'),
    ...witness,
    TRILOCK_WITNESS_DIRECTORY: directory.witness,
  });
  const signer = await household.start('signer', {
    ...common.of('signer'),
    ...NETWORK,
    ...witness,
    ...common.firstManifest,
    TRILOCK_SIGNER_SOCKET: common.socket('signer'),
    TRILOCK_SIGNER_MASTER_KEYS: SIGNER_MASTERS.join(','),
    TRILOCK_SIGNER_DATABASE_URL: urls.signer,
    TRILOCK_SIGNER_DIRECTORY: directory.signer,
    TRILOCK_SIGNER_BACKUP_DIRECTORIES: directory.backups.join(','),
  });
  await putManifestInForce(common.socket('signer'), institutionPlaces(directory.root).manifests);
  say(`the signer signs with libsecp256k1 (${signer['secp256k1'] ?? ''}), by the officers’ manifest 1`);
}

/** Worker and API, which need all the others. Gives the address of the API. */
async function startFront(plan: ProcessPlan, common: CommonSettings, node: Facts): Promise<string> {
  const { household, directory, urls, settings } = plan;
  const shared: Settings = {
    ...NETWORK,
    ...common.firstManifest,
    TRILOCK_BITCOIN_RPC_URL: node['url'] ?? '',
    TRILOCK_BITCOIN_RPC_COOKIE_FILE: node['cookieFile'] ?? '',
    TRILOCK_STALE_TIP_MINUTES: '0',
    TRILOCK_LEDGER_SOCKET: common.socket('ledger'),
    TRILOCK_MANIFEST_DIRECTORY: institutionPlaces(directory.root).manifests,
    TRILOCK_WEBHOOK_SECRETS: await keptSecret(directory, 'webhook-secret'),
    TRILOCK_WEBHOOK_LOOPBACK: 'yes',
    DATABASE_URL: urls.app,
  };
  const port = settings.TRILOCK_HTTP_PORT || (await freePort());
  const publicUrl = `http://${settings.TRILOCK_HTTP_HOST}:${port}`;
  const monitors = MONITORED.map((name) => `${name}=${common.socket(`${name}.mon`)}`);
  const [api] = await Promise.all([
    household.start('api', {
      ...common.of('api'),
      ...shared,
      TRILOCK_HTTP_SECRETS: await keptSecret(directory, 'http-secret'),
      TRILOCK_HTTP_HOST: settings.TRILOCK_HTTP_HOST,
      TRILOCK_HTTP_PORT: String(port),
      TRILOCK_MONITORS: monitors.join(','),
    }),
    household.start('worker', {
      ...common.of('worker'),
      ...shared,
      TRILOCK_SIGNER_SOCKET: common.socket('signer'),
      TRILOCK_PUBLIC_URL: publicUrl,
      TRILOCK_NOTICE_DIRECTORY: join(directory.root, 'notices'),
    }),
  ]);
  return api['url'] ?? '';
}

/** Starts every role, those first that the others need. */
export async function startProcesses(plan: ProcessPlan): Promise<SandboxFacts> {
  const common = commonSettings(plan);
  const [node] = await Promise.all([
    startNode(plan, common),
    startLedger(plan, common),
    startSigning(plan, common),
  ]);
  return {
    url: await startFront(plan, common, node),
    nodeUrl: node['url'] ?? '',
    nodeCookieFile: node['cookieFile'] ?? '',
    appDatabaseUrl: plan.urls.app,
    ledgerSocket: common.socket('ledger'),
    signerSocket: common.socket('signer'),
  };
}
