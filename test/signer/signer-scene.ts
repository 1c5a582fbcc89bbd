import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  parseExtendedPublicKey,
  parseKeyOrigin,
  parsePsbtBase64,
  psbtToBase64,
  signPsbt,
  type AccountKey,
  type Psbt,
} from '../../src/bitcoin/index.ts';
import {
  manifestHash,
  type CosignerRole,
  type KeyAttestation,
  type Manifest,
  type SignerRole,
  type SigningBundle,
  type WithdrawalIntent,
} from '../../src/intents/index.ts';
import { connect } from '../../src/postgres/index.ts';
import { isDomainError, ManualClock, newId } from '../../src/shared/index.ts';
import {
  createWireServer,
  openSigner,
  signerAttestationKey,
  signerClient,
  type SignerClient,
  type SignerPlan,
} from '../../src/signer/index.ts';
import { ed25519FromPem } from '../../src/signer/ed25519.ts';
import { attest } from '../../src/signer/platform-keys.ts';
import { openWitness } from '../../src/signer/witness/index.ts';
import type { WireMethod } from '../../src/signer/wire/wire-server.ts';
import {
  builtPayout,
  bundleOf,
  custody,
  payoutIntent,
  registeredWallet,
  walletCoins,
  type Attesters,
  type Custody,
  type PayoutWishes,
  type TestWallet,
  type WalletWishes,
} from '../fixtures/custody.ts';
import { NOW, signedManifest } from '../fixtures/intents.ts';
import type { TestSigner } from '../fixtures/signing-keys.ts';
import { fixtureMasters } from '../fixtures/masters.ts';
import { createTestDatabase, type TestDatabase } from '../postgres/test-database.ts';

export type WitnessMethods = Readonly<Record<'countersign' | 'head', WireMethod>>;

async function listen(server: Server, path: string): Promise<() => Promise<void>> {
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

function failLoudly(method: string, thrown: unknown): void {
  process.stderr.write(
    `${method} failed: ${thrown instanceof Error ? (thrown.stack ?? '') : String(thrown)}\n`,
  );
}

/** A signer's directory with its attesting key. */
async function machine(): Promise<{ readonly directory: string; readonly attester: TestSigner }> {
  const directory = await mkdtemp(join(tmpdir(), 'signer-'));
  for (const name of ['signer', 'witness', 'site-a', 'site-b']) await mkdir(join(directory, name));
  const publicKey = await signerAttestationKey(join(directory, 'signer'));
  const identity = ed25519FromPem(await readFile(join(directory, 'signer/attestation-key.pem'), 'utf8'));
  return { directory, attester: { publicKey, sign: (digest) => attest(identity, digest) } };
}

/** An institution with one signer. */
function withoutSecond(house: Custody): Custody {
  const { platform_b: _, ...attestationKeys } = house.manifest.attestationKeys;
  const manifest = { ...house.manifest, attestationKeys };
  return { ...house, manifest, house: { ...house.house, manifest } };
}

/** A signer that runs, and the way to it. */
export interface RunningSigner {
  readonly client: SignerClient;
  readonly stop: () => Promise<void>;
}

/** A signer with its own database, directory and witness, and the institution that it serves. */
export class SignerScene {
  readonly role: SignerRole;
  readonly directory: string;
  readonly database: TestDatabase;
  readonly clock: ManualClock;
  readonly house: Custody;
  /** Stands between signer and witness, so that a test can lose answers. */
  witnessMethods: WitnessMethods;
  #running: RunningSigner[] = [];
  #stopWitness: () => Promise<void>;
  #coins = 0;

  static async open(
    change: (house: Custody) => Manifest = (house) => house.manifest,
    attesters: Partial<Attesters> = {},
  ): Promise<SignerScene> {
    const own = await machine();
    const house = withoutSecond(custody({ ...attesters, platform: own.attester }));
    const manifest = change(house);
    return this.of(own.directory, { ...house, manifest, house: { ...house.house, manifest } });
  }

  /** Two signers of one institution, each with its own directory, database and witness. */
  static async openPair(attesters: Partial<Attesters> = {}): Promise<readonly [SignerScene, SignerScene]> {
    const [first, second] = [await machine(), await machine()];
    const house = custody({ ...attesters, platform: first.attester, platform_b: second.attester });
    const scene = await this.of(first.directory, house);
    return [scene, await this.of(second.directory, house, 'platform_b', scene.clock)];
  }

  private static async of(
    directory: string,
    house: Custody,
    role: SignerRole = 'platform',
    clock = new ManualClock(NOW),
  ): Promise<SignerScene> {
    const database = await createTestDatabase();
    const witness = await openWitness(join(directory, 'witness'));
    const scene = new SignerScene(directory, database, house, witness.methods, { role, clock });
    await scene.startWitness(witness.methods);
    return scene;
  }

  private constructor(
    directory: string,
    database: TestDatabase,
    house: Custody,
    methods: WitnessMethods,
    { role, clock }: { readonly role: SignerRole; readonly clock: ManualClock },
  ) {
    this.role = role;
    this.clock = clock;
    this.directory = directory;
    this.database = database;
    this.house = house;
    this.witnessMethods = methods;
    this.#stopWitness = () => Promise.resolve();
  }

  async startWitness(methods: WitnessMethods): Promise<void> {
    await this.#stopWitness();
    this.witnessMethods = methods;
    const server = createWireServer({
      methods: {
        head: (parameters) => this.witnessMethods.head(parameters),
        countersign: (parameters) => this.witnessMethods.countersign(parameters),
      },
      onFailure: failLoudly,
    });
    this.#stopWitness = await listen(server, join(this.directory, 'witness.socket'));
  }

  async stopWitness(): Promise<void> {
    await this.#stopWitness();
    this.#stopWitness = () => Promise.resolve();
  }

  plan(change: Partial<SignerPlan> = {}): SignerPlan {
    return {
      network: 'regtest',
      role: this.role,
      database: this.database.signer,
      directory: join(this.directory, 'signer'),
      backupSites: [join(this.directory, 'site-a'), join(this.directory, 'site-b')],
      masters: fixtureMasters(),
      witness: { path: join(this.directory, 'witness.socket') },
      firstManifestHash: manifestHash(this.house.manifest),
      clock: this.clock,
      ...change,
    };
  }

  /** A signer process in this process: its own pool, its own socket. */
  async start(change: Partial<SignerPlan> = {}): Promise<SignerClient> {
    const signer = await openSigner(this.plan(change));
    const path = join(this.directory, `signer-${this.#running.length}.socket`);
    const close = await listen(createWireServer({ methods: signer.methods, onFailure: failLoudly }), path);
    const stop = async (): Promise<void> => {
      await close();
      await signer.close();
    };
    const client = signerClient({ path });
    this.#running.push({ client, stop });
    return client;
  }

  async stopSigners(): Promise<void> {
    for (const { stop } of this.#running.splice(0)) await stop();
  }

  async close(): Promise<void> {
    await this.stopSigners();
    await this.#stopWitness();
    await this.database.drop();
    await rm(this.directory, { recursive: true, force: true });
  }

  async loadManifest(signer: SignerClient, manifest = this.house.manifest): Promise<void> {
    await signer.loadManifest({ signedManifest: signedManifest(this.house.house, manifest) });
  }

  /** A wallet with the signer's own platform key, not registered yet. */
  async wallet(signer: SignerClient, name: string, wishes: WalletWishes = {}): Promise<TestWallet> {
    const id = newId('wallet');
    const { attestation } = await signer.createPlatformKey({ wallet: id, network: 'regtest' });
    const platform = { entropy: Buffer.alloc(0), accountKey: publicHalf(attestation), attestation };
    const wallet = registeredWallet(this.house, name, { ...wishes, keys: { ...wishes.keys, platform } });
    return { ...wallet, id, registration: { ...wallet.registration, wallet: id } };
  }

  async openWallet(signer: SignerClient, name: string, wishes: WalletWishes = {}): Promise<TestWallet> {
    const wallet = await this.wallet(signer, name, wishes);
    await signer.registerWallet({ registration: wallet.registration });
    return wallet;
  }

  /** Coins that no other call gets. */
  coins(wallet: TestWallet, values: readonly bigint[] = [2_000_000n]) {
    return walletCoins(wallet, [...values, BigInt(10_000 + this.#coins++)]).slice(0, values.length);
  }

  /** A payout, approved, built, and signed by the wallet's first other cosigner. */
  payout(wallet: TestWallet, wishes: PayoutWishes = {}): { intent: WithdrawalIntent; bundle: SigningBundle } {
    const intent = payoutIntent(wallet, wishes);
    const built = builtPayout(wallet, [intent], this.coins(wallet));
    return { intent, bundle: this.cosigned(wallet, bundleOf(this.house, wallet, [intent], built)) };
  }

  cosigned(wallet: TestWallet, bundle: SigningBundle, role: CosignerRole = 'cold'): SigningBundle {
    const psbt = cosign(wallet, parsePsbtBase64(bundle.psbt), role);
    return { ...bundle, psbt: psbtToBase64(psbt) };
  }

  async query<Row extends object>(text: string): Promise<Row[]> {
    const client = await connect(this.database.superuser);
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** How many signatures left, and how many the alerts tell of. */
  async signatures(): Promise<number> {
    const [row] = await this.query<{ count: bigint }>('SELECT count(*) FROM signer.released_signature');
    return Number(row?.count ?? 0n);
  }
}

export function publicHalf({ statement }: KeyAttestation): AccountKey {
  const half = {
    origin: parseKeyOrigin(statement.origin),
    xpub: parseExtendedPublicKey(statement.xpub, statement.network),
  };
  // Descriptors are made of public halves; the private one never leaves the signer.
  return half as unknown as AccountKey;
}

export function cosign(wallet: TestWallet, psbt: Psbt, role: CosignerRole = 'cold'): Psbt {
  const key = wallet.keys.find(({ attestation }) => attestation.statement.role === role);
  if (key === undefined) throw new Error(`the wallet has no ${role} key`);
  return signPsbt(psbt, key.accountKey, wallet.descriptor);
}

/** The code with which a call is refused; it must leave one alert row, of that code, and no signature. */
export async function refusalOf(
  scene: SignerScene,
  signer: SignerClient,
  call: () => Promise<unknown>,
): Promise<string> {
  const before = (await signer.status({})).alerts;
  const signatures = await scene.signatures();
  let code = 'accepted';
  try {
    await call();
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    code = thrown.code;
  }
  if (code === 'accepted') return code;
  const [last] = (await signer.alerts({ after: 0, limit: 500 })).alerts.slice(-1);
  const rows = (await signer.status({})).alerts - before;
  if (rows !== 1 || last?.kind !== 'refused' || last.code !== code)
    return `${code}, without an alert of its own`;
  return (await scene.signatures()) === signatures ? code : `${code}, but it signed`;
}

/**
 * The signer's tables as they are now, to be put back later: what a backup of its database is.
 * @param more tables besides those of every test.
 */
export async function backUp(scene: SignerScene, more: readonly string[] = []): Promise<() => Promise<void>> {
  const tables = [
    'manifest',
    'journal',
    'countersignature',
    'resumption',
    'platform_key',
    'wallet',
    'used_key',
    'credential',
    'revoked_intent',
    'consumed_intent',
    'promised_outpoint',
    'spend',
    'spend_intent',
    'released_signature',
    'hot_flow',
    ...more,
  ];
  await scene.query(
    `CREATE SCHEMA backup; ${tables.map((name) => `CREATE TABLE backup.${name} AS TABLE signer.${name};`).join('')}`,
  );
  return async () => {
    await scene.query(
      `SET session_replication_role = replica;
       ${[...tables]
         .reverse()
         .map((name) => `DELETE FROM signer.${name};`)
         .join('')}
       ${tables.map((name) => `INSERT INTO signer.${name} SELECT * FROM backup.${name};`).join('')}`,
    );
  };
}
