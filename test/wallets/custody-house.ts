import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectNode, startRegtestNode, type ChainNode, type RegtestNode } from '../../src/chain/index.ts';
import { openDatabase, type Database } from '../../src/database/index.ts';
import {
  DepositFollower,
  stepDeposits,
  WORKER_FOLLOWER,
  type Deposit,
  type DepositParts,
} from '../../src/deposits/index.ts';
import { depositOf, WITH_COIN } from '../../src/deposits/deposit-store.ts';
import { credentialPinDigest, type CredentialPin, type KeyAttestation } from '../../src/intents/index.ts';
import type { LedgerClient } from '../../src/ledger/client/index.ts';
import {
  idToUuid,
  isoTime,
  newId,
  satoshis,
  systemClock,
  type CustomerId,
  type WalletId,
} from '../../src/shared/index.ts';
import { bothSigners } from '../../src/main/roles/both-signers.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import {
  addSigningCredential,
  giveAddress,
  importPool,
  readWallet,
  reconcileWallet,
  requestTreasury,
  requestWallet,
  stepWallets,
  type Cause,
  type GivenAddress,
  type OpeningParts,
  type PlatformSigner,
  type Wallet,
} from '../../src/wallets/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { temporaryDirectory } from '../chain/support/temporary-directory.ts';
import { attestedKey, type AttestedKey, type TestCustomer } from '../fixtures/custody.ts';
import { passkeySigner, type TestSigner } from '../fixtures/signing-keys.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';
import { startLedger, type TestLedger } from '../ledger/running-ledger.ts';
import { SignerScene } from '../signer/signer-scene.ts';

export const TEST_CAUSE: Cause = { actor: { kind: 'process', id: 'test' }, strength: 'process' };

/** A station of flesh and blood in place of the fixture's: its attesting key, and keys of its pool. */
export interface ColdStation {
  readonly attester: TestSigner;
  readonly keys: readonly AttestedKey[];
  /** The attesting key of a backup station beside it. */
  readonly backup?: TestSigner;
}

/** A signer beside the first, with its own directory, database and witness. */
export interface SecondSigner {
  readonly scene: SignerScene;
  readonly client: SignerClient;
}

/** An institution that runs: real database, real ledger, real signer with its witness; the node on demand. */
export class CustodyHouse {
  readonly scene: SignerScene;
  readonly database: Database;
  readonly ledger: LedgerClient;
  readonly signer: SignerClient;
  /** The second signer with its scene, where the house has two. */
  readonly second: SecondSigner | undefined;
  /** Both, as the worker has them. */
  readonly signers: SignerClient;
  readonly parts: OpeningParts;
  readonly poolKeys: AttestedKey[] = [];
  #testLedger: TestLedger;
  #pools = 0;
  readonly #stationKeys: AttestedKey[];

  static async open(station?: ColdStation, twoSigners = false): Promise<CustodyHouse> {
    const { backup } = station ?? {};
    const attesters = station && { cold: station.attester, ...(backup && { backup }) };
    const [scene, beside] = twoSigners
      ? await SignerScene.openPair(attesters)
      : [await SignerScene.open(undefined, attesters)];
    await runAsSuperuser(
      scene.database,
      `ALTER ROLE trilock_ledger IN DATABASE ${scene.database.name} SET synchronous_commit = on`,
    );
    const signer = await scene.start();
    await scene.loadManifest(signer);
    const second = beside && { scene: beside, client: await beside.start() };
    if (second !== undefined) await second.scene.loadManifest(second.client);
    return new CustodyHouse(scene, signer, second, await startLedger(scene.database), station?.keys ?? []);
  }

  private constructor(
    scene: SignerScene,
    signer: SignerClient,
    second: SecondSigner | undefined,
    ledger: TestLedger,
    stationKeys: readonly AttestedKey[],
  ) {
    this.#stationKeys = [...stationKeys];
    this.scene = scene;
    this.signer = signer;
    this.second = second;
    this.signers = bothSigners(signer, second?.client);
    this.#testLedger = ledger;
    this.ledger = ledger.client();
    this.database = openDatabase(scene.database.app);
    this.parts = {
      database: this.database,
      ledger: this.ledger,
      clock: scene.clock,
      network: 'regtest',
      signer: this.signers,
      secondSigner: second?.client,
      manifest: () => Promise.resolve(scene.house.manifest),
    };
  }

  with(signer: PlatformSigner): OpeningParts {
    return { ...this.parts, signer };
  }

  async close(): Promise<void> {
    await this.database.$disconnect();
    await this.#testLedger.stop();
    await this.second?.scene.close();
    await this.scene.close();
  }

  /** The ledger's process ends and another takes its place. */
  async restartLedger(): Promise<void> {
    await this.#testLedger.restart();
  }

  /** So does the signer's, at the same socket. */
  async restartSigner(): Promise<void> {
    await this.scene.stopSigners();
    await this.scene.start();
  }

  /** Attested keys that no pool has had yet. */
  freshPool(count: number): KeyAttestation[] {
    const { cold, backup } = this.scene.house.attesters;
    const name = `pool ${this.#pools++}`;
    const keys = Array.from({ length: count }, (_, index) => [
      this.#stationKeys.shift() ?? attestedKey(`${name} cold ${index}`, 'cold', cold),
      attestedKey(`${name} backup ${index}`, 'backup', backup),
    ]).flat();
    this.poolKeys.push(...keys);
    return keys.map(({ attestation }) => attestation);
  }

  async stock(count = 3): Promise<void> {
    await importPool(this.parts, this.freshPool(count), this.scene.house.manifest, TEST_CAUSE);
  }

  /** A customer who is registered and signs with a passkey. */
  async customer(): Promise<TestCustomer> {
    const customer = { id: newId('customer'), credential: newId('credential'), signer: passkeySigner() };
    const { id } = customer;
    await this.database.customer.create({
      data: { id: idToUuid(id), email: `${id}@example.com`, displayName: 'Ada', createdAt: new Date() },
    });
    await this.addCredential(id, this.pinOf(customer));
    return customer;
  }

  async addCredential(customer: CustomerId, pin: unknown): Promise<void> {
    const document = { pin, label: 'my key' };
    await inTransaction(this.database, (tx) =>
      addSigningCredential(tx, this.parts, customer, document, TEST_CAUSE),
    );
  }

  pinOf(customer: TestCustomer, change: Partial<CredentialPin['statement']> = {}): CredentialPin {
    const { id, credential, signer } = customer;
    const statement: CredentialPin['statement'] = {
      purpose: 'pin credential',
      network: 'regtest',
      customer: id,
      credential: { id: credential, publicKey: signer.publicKey },
      signedBy: credential,
      signedAt: isoTime(this.scene.clock.nowMs() - 60_000),
      ...change,
    };
    return { statement, signature: signer.sign(credentialPinDigest(statement)) };
  }

  async request(customer: CustomerId, plan = 'custodial', ...customerKeys: unknown[]): Promise<WalletId> {
    const id = newId('wallet');
    await inTransaction(this.database, (tx) =>
      requestWallet(tx, this.parts, { id, customer, plan, label: 'savings', customerKeys }, TEST_CAUSE),
    );
    return id;
  }

  /** A vault of a new customer, open. */
  async vault(): Promise<{ customer: TestCustomer; wallet: Wallet }> {
    const customer = await this.customer();
    await this.stock(1);
    const id = await this.request(customer.id);
    return { customer, wallet: await this.opened(id) };
  }

  async treasury(plan: 'custodial' | 'treasury_hot' = 'custodial'): Promise<Wallet> {
    await this.stock(1);
    const { id } = await requestTreasury(this.parts, 'treasury', TEST_CAUSE, plan);
    return this.opened(id);
  }

  async opened(id: WalletId): Promise<Wallet> {
    while ((await stepWallets(this.parts)) > 0 && (await readWallet(this.database, id)).state !== 'open');
    const wallet = await readWallet(this.database, id);
    if (wallet.state !== 'open') throw new Error(`the wallet is ${wallet.state}: ${wallet.obstacle ?? ''}`);
    return wallet;
  }

  give(wallet: WalletId, customer: CustomerId, label: string | null = null): Promise<GivenAddress> {
    return inTransaction(this.database, (tx) =>
      giveAddress(tx, this.parts, wallet, { customer, label }, TEST_CAUSE),
    );
  }
}

/** A house with a chain: what the worker does, step by step. */
export class ChainHouse {
  readonly house: CustodyHouse;
  readonly regtest: RegtestNode;
  readonly node: ChainNode;
  readonly depositParts: DepositParts;
  follower: DepositFollower;
  #removeDirectory: () => void;

  /** @param nodeSettings lines of `bitcoin.conf`, where BITCOIND_BIN names a bitcoind. */
  static async open(station?: ColdStation, nodeSettings?: string, twoSigners = false): Promise<ChainHouse> {
    const directory = temporaryDirectory();
    if (nodeSettings !== undefined) {
      await mkdir(join(directory.path, 'bitcoind'));
      await writeFile(join(directory.path, 'bitcoind', 'bitcoin.conf'), nodeSettings);
    }
    const binary = process.env['BITCOIND_BIN'];
    const regtest = await startRegtestNode({
      dataDirectory: directory.path,
      rpcPort: 0,
      ...(binary === undefined ? {} : { bitcoindBinary: binary }),
    });
    return new ChainHouse(await CustodyHouse.open(station, twoSigners), regtest, () => directory.remove());
  }

  private constructor(house: CustodyHouse, regtest: RegtestNode, remove: () => void) {
    this.house = house;
    this.regtest = regtest;
    this.#removeDirectory = remove;
    this.node = connectNode({ url: regtest.url, credentials: regtest.credentials });
    const { database, ledger } = house;
    const { node } = this;
    const { manifest } = house.parts;
    this.depositParts = { database, ledger, clock: systemClock, node, manifest, follower: 'worker' };
    this.follower = this.newFollower();
  }

  /** As a worker that starts: nothing in memory. */
  newFollower(name = WORKER_FOLLOWER): DepositFollower {
    const { database } = this.house;
    return new DepositFollower({ database, node: this.node, network: 'regtest', clock: systemClock, name });
  }

  async close(): Promise<void> {
    this.node.close();
    await this.regtest.stop();
    await this.house.close();
    this.#removeDirectory();
  }

  pay(address: string, amount: bigint): Promise<{ txid: string; vout: number }> {
    return this.regtest.control.fund(address, satoshis(amount));
  }

  /** Mines, follows and books until nothing is left to do. */
  async mine(count: number): Promise<void> {
    if (count > 0) await this.regtest.control.mine(count);
    await this.settle();
  }

  async settle(): Promise<void> {
    await this.follower.poll();
    while ((await stepDeposits(this.depositParts)) > 0);
  }

  async deposits(wallet: WalletId): Promise<Deposit[]> {
    const rows = await this.house.database.deposit.findMany({
      where: { walletId: idToUuid(wallet) },
      include: WITH_COIN,
      orderBy: [{ detectedAt: 'asc' }, { vout: 'asc' }],
    });
    return rows.map(depositOf);
  }

  difference(wallet: WalletId): Promise<bigint> {
    return reconcileWallet(this.house.database, this.house.ledger, wallet).then((both) => both.difference);
  }
}
