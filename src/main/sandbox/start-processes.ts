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

/** Where each schema lives; the second signer’s, where there is one. */
export type DatabaseUrls = Readonly<Record<DatabaseSchema, string>> & { readonly second?: string };

export interface ProcessPlan {
  readonly household: Keeper;
  readonly directory: DataDirectory;
  readonly urls: DatabaseUrls;
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

/** A signer with its witness; they are named, where there are two. */
async function startSigner(
  { household, directory: { root } }: ProcessPlan,
  common: CommonSettings,
  name: 'signer' | 'second-signer',
  { places, databaseUrl }: { readonly places: DataDirectory['second']; readonly databaseUrl: string },
): Promise<Facts> {
  const isSecond = name === 'second-signer';
  const witnessName = isSecond ? 'second-witness' : 'witness';
  const witness = { TRILOCK_WITNESS_SOCKET: common.socket(witnessName) };
  const ofWitness = { ...common.of(witnessName), ...witness, TRILOCK_WITNESS_DIRECTORY: places.witness };
  await household.start('witness', ofWitness, witnessName);
  const settings = {
    ...common.of(name),
    ...NETWORK,
    ...witness,
    ...common.firstManifest,
    TRILOCK_SIGNER_ROLE: isSecond ? 'platform_b' : 'platform_a',
    TRILOCK_SIGNER_SOCKET: common.socket(name),
    TRILOCK_SIGNER_MASTER_KEYS: SIGNER_MASTERS.join(','),
    TRILOCK_SIGNER_DATABASE_URL: databaseUrl,
    TRILOCK_SIGNER_DIRECTORY: places.signer,
    TRILOCK_SIGNER_BACKUP_DIRECTORIES: places.backups.join(','),
  };
  const facts = await household.start('signer', settings, name);
  await putManifestInForce(common.socket(name), institutionPlaces(root).manifests);
  return facts;
}

async function startSigning(plan: ProcessPlan, common: CommonSettings): Promise<void> {
  const { directory, urls, say } = plan;
  const first = startSigner(plan, common, 'signer', { places: directory, databaseUrl: urls.signer });
  const own = urls.second === undefined ? null : { places: directory.second, databaseUrl: urls.second };
  const second = own && startSigner(plan, common, 'second-signer', own);
  const [facts] = await Promise.all([first, second]);
  if (second !== null) say('a second signer runs, for the treasury wallet that both spend');
  say(`the signer signs with libsecp256k1 (${facts['secp256k1'] ?? ''}), by the officers’ manifest 1`);
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
      ...(urls.second === undefined ? {} : { TRILOCK_SECOND_SIGNER_SOCKET: common.socket('second-signer') }),
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
