import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRegtestControl, type RegtestControl } from '../../../src/chain/index.ts';
import { createKeyedHash, type KeyedHash } from '../../../src/http/index.ts';
import { createStaff } from '../../../src/identity/index.ts';
import { ApiSession } from '../../../src/main/demo/api-session.ts';
import {
  registerCustomer,
  signInApprover,
  type DemoApprover,
  type DemoCustomer,
} from '../../../src/main/demo/people.ts';
import { readStaffPassword } from '../../../src/main/sandbox/data-directory.ts';
import { institutionPlaces, readInstitution } from '../../../src/main/sandbox/institution.ts';
import { startSandbox, type Sandbox } from '../../../src/main/sandbox/sandbox.ts';
import {
  openPool,
  parsePostgresUrl,
  startEmbeddedServer,
  type EmbeddedServer,
  type Pool,
} from '../../../src/postgres/index.ts';
import { newId, systemClock } from '../../../src/shared/index.ts';
import { readTreasury } from '../../../src/wallets/index.ts';
import { startHostileProxy, type HostileProxy } from '../../chain/support/hostile-proxy.ts';
import { Courier, type CourierPlan } from './courier.ts';
import { DatabaseProxy } from './database-proxy.ts';
import { FaultHousehold, type Route } from './fault-household.ts';
import { eventually, patiently } from './patience.ts';
import { Receiver } from './receiver.ts';

export interface VaultOwner extends DemoCustomer {
  readonly vault: string;
}

/** A whole institution in true processes, each of which can be killed at a named instant. */
export class FaultWorld {
  readonly sandbox: Sandbox;
  readonly household: FaultHousehold;
  readonly node: RegtestControl;
  readonly courier: Courier;
  readonly courierPlan: CourierPlan;
  readonly receiver: Receiver;
  /** Past every grant; the checker and the test alone use it. */
  readonly sql: Pool;
  readonly ada: VaultOwner;
  readonly ben: DemoCustomer;
  /** The first approves whatever is asked. */
  readonly approvers: readonly [DemoApprover, DemoApprover, DemoApprover];
  readonly treasury: string;
  readonly directory: string;
  /** Between each role and its database. */
  readonly proxies: ReadonlyMap<string, DatabaseProxy>;
  /** Between the worker and its nodes; none unless told. */
  readonly nodeProxies: readonly HostileProxy[];
  /** Small disks of their own, where the machine allows that: they can be filled. */
  readonly disks: ReadonlySet<Disk>;
  #restarted: EmbeddedServer | undefined;

  private constructor(parts: {
    readonly [
      Name in keyof FaultWorld as FaultWorld[Name] extends (...given: never[]) => unknown ? never : Name
    ]: FaultWorld[Name];
  }) {
    this.sandbox = parts.sandbox;
    this.household = parts.household;
    this.node = parts.node;
    this.courier = parts.courier;
    this.courierPlan = parts.courierPlan;
    this.receiver = parts.receiver;
    this.proxies = parts.proxies;
    this.nodeProxies = parts.nodeProxies;
    this.disks = parts.disks;
    this.sql = parts.sql;
    this.ada = parts.ada;
    this.ben = parts.ben;
    this.approvers = parts.approvers;
    this.treasury = parts.treasury;
    this.directory = parts.directory;
  }

  /** @param nodes how many nodes the worker has, each behind a proxy; 0: its node, without one. */
  static async open({ nodes = 0 } = {}): Promise<FaultWorld> {
    const directory = await mkdtemp(join(tmpdir(), 'trilock-faults-'));
    const disks = await mountDisks(directory);
    const proxies = new Map<string, DatabaseProxy>();
    const nodeProxies: HostileProxy[] = [];
    const route: Route = async (role, settings) => {
      const routed = await throughDatabaseProxy(proxies, role, settings);
      return role === 'worker' && nodes > 0 ? throughNodeProxies(nodeProxies, nodes, routed) : routed;
    };
    let household: FaultHousehold | undefined;
    const sandbox = await startSandbox({
      settings: { TRILOCK_LOG_LEVEL: 'warn', TRILOCK_SHUTDOWN_SECONDS: 10, ...HOST },
      root: directory,
      say: () => undefined,
      household: ({ logs }) => (household = new FaultHousehold(logs, route)),
    });
    if (household === undefined) throw new TypeError('the sandbox has started without a household');
    const { facts } = sandbox;
    const node = connectRegtestControl(facts.nodeUrl, { cookieFile: facts.nodeCookieFile });
    const places = institutionPlaces(directory);
    const institution = await readInstitution(places);
    const courierPlan = {
      appDatabaseUrl: facts.appDatabaseUrl,
      manifests: places.manifests,
      firstManifestHash: institution.firstManifestHash,
      coldStation: places.coldStation,
    };
    const courier = await Courier.open(courierPlan);
    const password = (await readFile(join(directory, 'postgres', 'password'), 'utf8')).trim();
    const superuser = { ...parsePostgresUrl(facts.appDatabaseUrl), user: 'postgres', password };
    const sql = openPool(superuser, { statementTimeoutMs: 0 });
    household.onDeath = (role) => endLeases(sql, role);
    const receiver = await Receiver.listen();
    await hearEverything(courier, await sealsOf(directory), facts.url, receiver);
    const staffPassword = await readStaffPassword(directory);
    const signIn = (at: 0 | 1 | 2): Promise<DemoApprover> => {
      const email = institution.approvers[at]?.email ?? '';
      const key = `approver-${at + 1}`;
      return patiently('sign in', () => signInApprover(facts.url, email, staffPassword, key));
    };
    const [ada, ben, ...approvers] = await Promise.all([
      patiently('Ada', () => registerCustomer(facts.url, 'Ada', 'customer-1')),
      patiently('Ben', () => registerCustomer(facts.url, 'Ben', 'customer-2')),
      ...([signIn(0), signIn(1), signIn(2)] as const),
    ]);
    // The station learns a customer's keys from the registration of their vault.
    const [vault] = await Promise.all([openVault(courier, ada), openVault(courier, ben)]);
    const treasury = await eventually(
      'the treasury',
      () => readTreasury(courier.database, 'regtest'),
      ({ state }) => state === 'open',
    );
    await courier.registerWallet(treasury.id);
    return new FaultWorld({
      ...{ sandbox, household, node, courier, courierPlan, receiver, sql, ben, approvers, directory },
      ...{ proxies, nodeProxies, disks },
      ada: { ...ada, vault },
      treasury: treasury.id,
    });
  }

  /** What a person wants to see when something does not come right. */
  async report(): Promise<string> {
    const { household } = this;
    const tails = await Promise.all(
      ['api', 'worker', 'ledger', 'signer', 'witness'].map(
        async (role) => `--- ${role}\n${await household.tail(role)}`,
      ),
    );
    const killed = household.killed.map(({ role, at }) => `${role} ${at?.point ?? 'anywhere'}`);
    const facts = { killed, pending: household.pending(), unplanned: household.unplanned };
    return `${JSON.stringify(facts, null, 1)}\n${tails.join('\n')}`;
  }

  /** The database server drops everything and everybody at once, and recovers from its log. */
  async restartDatabase(): Promise<void> {
    const { rows } = await this.sql.query<{ file: string }>(`SELECT pg_read_file('postmaster.pid') AS file`);
    const pid = Number(rows[0]?.file.split('\n')[0]);
    const { port } = parsePostgresUrl(this.sandbox.facts.appDatabaseUrl);
    process.kill(pid, 'SIGQUIT');
    this.#restarted = await startEmbeddedServer({ directory: join(this.directory, 'postgres'), port });
  }

  async close(): Promise<void> {
    await this.courier.close();
    await this.sql.end();
    await this.sandbox.stop();
    await this.#restarted?.stop();
    await this.receiver.close();
    for (const proxy of this.proxies.values()) proxy.close();
    for (const proxy of this.nodeProxies) await proxy.close();
    for (const disk of this.disks) execFileSync('umount', [join(this.directory, disk)]);
    await rm(this.directory, { recursive: true, force: true });
  }
}

export type Disk = 'postgres' | 'witness' | 'signer';
/** Room for what a world writes, and not for much more. */
const DISK_SIZES: Readonly<Record<Disk, string>> = { postgres: '600m', witness: '1m', signer: '4m' };

async function mountDisks(directory: string): Promise<ReadonlySet<Disk>> {
  const mounted = new Set<Disk>();
  await chmod(directory, 0o711);
  for (const [disk, size] of Object.entries(DISK_SIZES) as [Disk, string][]) {
    const path = join(directory, disk);
    await mkdir(path, { mode: 0o755 });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', path], {
        stdio: 'ignore',
      });
      mounted.add(disk);
    } catch {
      // Only the superuser may; then nothing here can be filled.
    }
  }
  return mounted;
}

const URLS = ['DATABASE_URL', 'TRILOCK_LEDGER_DATABASE_URL', 'TRILOCK_SIGNER_DATABASE_URL'];

type Settings = Readonly<Record<string, string>>;

async function throughDatabaseProxy(
  proxies: Map<string, DatabaseProxy>,
  role: string,
  settings: Settings,
): Promise<Settings> {
  const name = URLS.find((url) => settings[url] !== undefined);
  if (name === undefined) return settings;
  const url = new URL(settings[name] ?? '');
  const proxy = await DatabaseProxy.listen(url.hostname, Number(url.port));
  proxies.set(role, proxy);
  url.port = String(proxy.port);
  // Withdrawals that could share a transaction wait for each other, but not a minute.
  const haste = role === 'worker' ? { TRILOCK_BATCH_SECONDS: '30' } : {};
  return { ...settings, ...haste, [name]: url.href };
}

async function throughNodeProxies(
  proxies: HostileProxy[],
  count: number,
  {
    TRILOCK_BITCOIN_RPC_URL: url = '',
    TRILOCK_BITCOIN_RPC_COOKIE_FILE: cookieFile = '',
    ...settings
  }: Settings,
): Promise<Settings> {
  while (proxies.length < count) proxies.push(await startHostileProxy({ url, credentials: { cookieFile } }));
  const [{ user, password } = { user: '', password: '' }] = proxies.map(({ credentials }) => credentials);
  return {
    ...settings,
    TRILOCK_BITCOIN_RPC_URL: proxies.map((proxy) => proxy.url).join(','),
    TRILOCK_BITCOIN_RPC_USER: user,
    TRILOCK_BITCOIN_RPC_PASSWORD: password,
  };
}

const HOST = {
  TRILOCK_HTTP_HOST: '127.0.0.1',
  TRILOCK_HTTP_PORT: 0,
  TRILOCK_DATA_DIRECTORY: undefined,
  TRILOCK_SANDBOX_SIGNERS: undefined,
  BITCOIND_BIN: process.env['BITCOIND_BIN'],
};

/**
 * Whatever a dead process had claimed for a minute is free at once: the test does not wait for the minute, and nobody
 * else can hold such a claim, since there is one process of each role.
 */
async function endLeases(sql: Pool, role: string): Promise<void> {
  if (role === 'api') {
    await sql.query('UPDATE app.idempotency_key SET lease_expires_at = now() WHERE completed_at IS NULL');
  } else if (role === 'worker') {
    await sql.query('UPDATE app.webhook_delivery SET claimed_until = now() WHERE claimed_until > now()');
  }
}

async function openVault(courier: Courier, { session }: DemoCustomer): Promise<string> {
  const { id } = await session.post<{ id: string }>('/v1/wallets', { plan: 'custodial', label: 'Vault' });
  await eventually(
    'the vault to open',
    () => session.get<{ state: string }>(`/v1/wallets/${id}`),
    ({ state }) => state === 'open',
  );
  await courier.registerWallet(id);
  return id;
}

/** What the sandbox seals the roles of its staff under. */
async function sealsOf(directory: string): Promise<KeyedHash> {
  const secret = await readFile(join(directory, 'secrets', 'webhook-secret'), 'utf8');
  return createKeyedHash([Buffer.from(secret.trim(), 'hex')]);
}

/** An integrator's webhook that is told of every event. */
async function hearEverything(
  { database }: Courier,
  seals: KeyedHash,
  url: string,
  receiver: Receiver,
): Promise<void> {
  const password = randomBytes(18).toString('base64url');
  const email = 'admin@sandbox.example';
  const parts = { database, clock: systemClock, seals };
  await createStaff(parts, { email, displayName: 'Admin', roles: ['admin'], password });
  const admin = new ApiSession(url);
  await admin.signIn('/v1/staff/sessions', email, password);
  const { id } = await admin.post<{ id: string }>('/v1/integrators', { name: 'Everything' });
  const wish = { label: 'All', scopes: ['events:write', 'events:read'], password };
  const { key } = await admin.post<{ key: string }>(`/v1/integrators/${id}/api-keys`, wish);
  const response = await fetch(`${url}/v1/webhooks`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': newId('request'),
    },
    body: JSON.stringify({ url: receiver.url }),
  });
  receiver.believe(((await response.json()) as { secret: string }).secret);
}
