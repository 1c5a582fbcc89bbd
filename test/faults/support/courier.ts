import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../../src/database/index.ts';
import { readFreezeStatus } from '../../../src/freeze/index.ts';
import { openMasterKey, type MasterPrivateKey, type Masters } from '../../../src/keyring/index.ts';
import { DEMO_KEYS, DEMO_PASSPHRASE } from '../../../src/main/sandbox/demo-keys.ts';
import { manifestSource } from '../../../src/main/roles/manifest-source.ts';
import { trustOf } from '../../../src/main/roles/withdrawal-parts.ts';
import { parsePostgresUrl } from '../../../src/postgres/index.ts';
import { parseId, systemClock } from '../../../src/shared/index.ts';
import {
  checkBundle,
  loadFreezeStatus,
  openStation,
  registerWallet,
  requireSignable,
  signBundle,
  type Station,
} from '../../../src/station/index.ts';
import { readStationRegistration } from '../../../src/wallets/index.ts';
import { awaitedBundles, importBundle, ownWallet } from '../../../src/withdrawals/index.ts';

const OPERATOR = { actor: { kind: 'process', id: 'cli' }, strength: 'process' } as const;

/** Where the operator and the officer work. */
export interface CourierPlan {
  readonly appDatabaseUrl: string;
  readonly manifests: string;
  readonly firstManifestHash: string;
  readonly coldStation: string;
}

/** The operator who carries files, and the officer at the cold station. */
export class Courier {
  readonly database: Database;
  readonly #station: Station;
  readonly #masters: Masters<MasterPrivateKey>;
  readonly #exchange: Parameters<typeof awaitedBundles>[0];

  private constructor(plan: CourierPlan, station: Station, masters: Masters<MasterPrivateKey>) {
    this.database = openDatabase(parsePostgresUrl(plan.appDatabaseUrl));
    this.#station = station;
    this.#masters = masters;
    const { database } = this;
    const manifest = manifestSource(plan.manifests, plan.firstManifestHash, 'regtest');
    const trust = trustOf({ database, manifest });
    this.#exchange = { database, clock: systemClock, trust, wallets: { wallet: ownWallet } };
  }

  static async open(plan: CourierPlan): Promise<Courier> {
    const master = async (holder: string): Promise<MasterPrivateKey> => {
      const pem = await readFile(join(DEMO_KEYS, `DEMO-cold-master-${holder}.pem`), 'utf8');
      return openMasterKey(pem, Buffer.from(DEMO_PASSPHRASE));
    };
    const masters = { inner: await master('a'), outer: await master('b') };
    return new Courier(plan, await openStation(plan.coldStation), masters);
  }

  async registerWallet(wallet: string): Promise<void> {
    await registerWallet(
      this.#station,
      await readStationRegistration(this.database, parseId('wallet', wallet)),
    );
  }

  /** Carries what waits to the station and back, but for intents that are held back. @returns how much. */
  async carry(heldBack: (intent: string) => boolean = () => false): Promise<number> {
    let carried = 0;
    const awaited = await awaitedBundles(this.#exchange);
    if (awaited.length > 0) await loadFreezeStatus(this.#station, await readFreezeStatus(this.database));
    for (const { bundle } of awaited) {
      if (bundle.intents.some(({ intent }) => heldBack(intent.id))) continue;
      const checked = await checkBundle(this.#station, bundle, systemClock.nowMs());
      const signable = await requireSignable(this.#station, checked, { nowMs: systemClock.nowMs() });
      await importBundle(this.#exchange, await signBundle(this.#station, signable, this.#masters), OPERATOR);
      carried += 1;
    }
    return carried;
  }

  close(): Promise<void> {
    return this.database.$disconnect();
  }
}
