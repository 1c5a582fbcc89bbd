import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectRegtestControl, type RegtestControl } from '../../chain/index.ts';
import { openDatabase, type Database } from '../../database/index.ts';
import { readFreezeStatus } from '../../freeze/index.ts';
import { describeVerified } from '../../intents/index.ts';
import { openMasterKey, type MasterPrivateKey, type Masters } from '../../keyring/index.ts';
import { LedgerClient } from '../../ledger/client/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { systemClock } from '../../shared/index.ts';
import {
  checkBundle,
  loadFreezeStatus,
  manifestInForce,
  openStation,
  registerWallet,
  requireSignable,
  signBundle,
  type Station,
} from '../../station/index.ts';
import { readStationRegistration } from '../../wallets/index.ts';
import { awaitedBundles, importBundle, ownWallet } from '../../withdrawals/index.ts';
import { manifestSource } from '../roles/manifest-source.ts';
import { trustOf } from '../roles/withdrawal-parts.ts';
import { DEMO_KEYS, DEMO_PASSPHRASE } from '../sandbox/demo-keys.ts';
import type { Institution, InstitutionPlaces } from '../sandbox/institution.ts';
import type { SandboxFacts } from '../sandbox/sandbox-facts.ts';

const OPERATOR = { actor: { kind: 'process', id: 'cli' }, strength: 'process' } as const;

/** What the people of the institution do in the demo: the operator with files, the officer at the station. */
export class DemoHouse {
  readonly node: RegtestControl;
  readonly database: Database;
  readonly ledger: LedgerClient;
  readonly #station: Station;
  readonly #exchange: Parameters<typeof awaitedBundles>[0];

  private constructor(facts: SandboxFacts, station: Station, manifests: string, firstManifestHash: string) {
    this.node = connectRegtestControl(facts.nodeUrl, { cookieFile: facts.nodeCookieFile });
    this.database = openDatabase(parsePostgresUrl(facts.appDatabaseUrl));
    this.ledger = new LedgerClient({ addresses: [{ path: facts.ledgerSocket }] });
    this.#station = station;
    const { database } = this;
    const manifest = manifestSource(manifests, firstManifestHash, 'regtest');
    const trust = trustOf({ database, manifest });
    this.#exchange = { database, clock: systemClock, trust, wallets: { wallet: ownWallet } };
  }

  static async open(
    facts: SandboxFacts,
    places: InstitutionPlaces,
    institution: Institution,
  ): Promise<DemoHouse> {
    const station = await openStation(places.coldStation);
    return new DemoHouse(facts, station, places.manifests, institution.firstManifestHash);
  }

  /** Carries a wallet's registration to the station, which checks it and pins the wallet. */
  async registerAtStation(wallet: string): Promise<void> {
    const registration = await readStationRegistration(
      this.database,
      wallet as Parameters<typeof readStationRegistration>[1],
    );
    await registerWallet(this.#station, registration);
  }

  /** How many transactions wait for the station. */
  async waiting(): Promise<number> {
    return (await awaitedBundles(this.#exchange)).length;
  }

  /** Carries every waiting bundle to the station and back. @returns what the officer read before signing. */
  async signAtStation(): Promise<readonly string[]> {
    const read: string[] = [];
    const masters = await coldMasters();
    await loadFreezeStatus(this.#station, await readFreezeStatus(this.database));
    for (const { bundle } of await awaitedBundles(this.#exchange)) {
      const nowMs = systemClock.nowMs();
      const checked = await checkBundle(this.#station, bundle, nowMs);
      read.push(...describeVerified(bundle, checked.verified, await manifestInForce(this.#station), nowMs));
      const signed = await signBundle(
        this.#station,
        await requireSignable(this.#station, checked, { nowMs }),
        masters,
      );
      await importBundle(this.#exchange, signed, OPERATOR);
    }
    return read;
  }

  async close(): Promise<void> {
    this.ledger.close();
    await this.database.$disconnect();
  }
}

async function coldMasters(): Promise<Masters<MasterPrivateKey>> {
  const open = async (holder: string): Promise<MasterPrivateKey> => {
    const pem = await readFile(join(DEMO_KEYS, `DEMO-cold-master-${holder}.pem`), 'utf8');
    return openMasterKey(pem, Buffer.from(DEMO_PASSPHRASE));
  };
  return { inner: await open('a'), outer: await open('b') };
}
