import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { expect } from 'vitest';
import { approvalRoutes } from '../../../src/approvals/index.ts';
import {
  createIdempotencyStore,
  csrfTokenOf,
  SESSION_COOKIE,
  type Principal,
} from '../../../src/http/index.ts';
import {
  manifestHash,
  type Approval,
  type Manifest,
  type WithdrawalIntent,
  type SigningBundle,
} from '../../../src/intents/index.ts';
import { errorMap } from '../../../src/main/error-map.ts';
import { idToUuid, isDomainError, parseId, type WithdrawalId } from '../../../src/shared/index.ts';
import {
  checkBundle,
  generateKeys,
  loadFreezeStatus,
  loadManifest,
  registerWallet,
  requireSignable,
  signBundle,
  unlockStation,
  type Station,
} from '../../../src/station/index.ts';
import { readStationRegistration, walletRoutes } from '../../../src/wallets/index.ts';
import { awaitedBundles, importBundle, withdrawalRoutes } from '../../../src/withdrawals/index.ts';
import { signedManifest } from '../../fixtures/intents.ts';
import { serveApi, testHash } from '../../http/support/serve.ts';
import { runAsSuperuser } from '../../ledger/ledger-database.ts';
import { mastersOf, newStation, openedKey, PASSPHRASE, temporaryRoot } from '../../station/offices.ts';
import { House, pay, SOMEBODY, type Owner, type Wish } from '../../withdrawals/support/house.ts';

/** Nobody's here, and the attacker's. */
export const THIEF = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';

/** What an attack must leave as it was. */
interface Books {
  readonly claims: readonly (readonly [posted: bigint, difference: bigint])[];
  readonly signatures: number;
  readonly mempool: readonly string[];
}

export interface Alert {
  readonly by: 'application' | 'signer';
  readonly code: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/**
 * A whole institution under attack: database, ledger, node, signer, witness, the composed routes over HTTP, and a
 * real cold station.
 */
export class AttackScene {
  readonly house: House;
  readonly station: Station;
  readonly #root: string;
  readonly #owners: Owner[] = [];
  #newest: Manifest | undefined;

  static async open(): Promise<AttackScene> {
    const root = await temporaryRoot();
    const station = await newStation(root, 'cold');
    const attestationKey = await unlockStation(station, PASSPHRASE);
    const attestations = await generateKeys(station, { pool: 'first', count: 4, attestationKey });
    const keys = await Promise.all(attestations.map((attestation) => openedKey(station, attestation)));
    const attester = { publicKey: station.attestationKey, sign: () => never('only the station signs so') };
    const house = await House.open({ attester, keys });
    const { scene } = house.chain.house;
    const { manifest } = scene.house;
    await loadManifest(station, signedManifest(scene.house.house, manifest), manifestHash(manifest));
    return new AttackScene(house, station, root);
  }

  private constructor(house: House, station: Station, root: string) {
    this.house = house;
    this.station = station;
    this.#root = root;
  }

  async close(): Promise<void> {
    await this.house.close();
    await rm(this.#root, { recursive: true, force: true });
  }

  /** Somebody whose vault holds coins and is pinned at the station too. */
  async owner(...deposits: bigint[]): Promise<Owner> {
    const owner = await this.house.owner();
    await registerWallet(this.station, await readStationRegistration(this.house.database, owner.vault.id));
    await this.house.deposit(owner, 'vault', ...deposits);
    this.#owners.push(owner);
    return owner;
  }

  /** An administrator's chair: no grant and no trigger stands in the way. */
  async tamper(statement: string, ...values: unknown[]): Promise<void> {
    await runAsSuperuser(
      this.house.chain.house.scene.database,
      `SET session_replication_role = replica; ${statement}`.replace(/\$(\d)/g, (_, n: string) => {
        const value = values[Number(n) - 1];
        return typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`;
      }),
    );
  }

  /** Asked for and signed by the customer: people may judge it. */
  async asked(
    owner: Owner,
    wish: Partial<Wish> = {},
  ): Promise<{ id: WithdrawalId; intent: WithdrawalIntent }> {
    const asked = await this.house.ask(owner, { to: pay(150_000n), ...wish });
    await this.house.sign(owner, asked.intent);
    await this.house.carryOn();
    return asked;
  }

  async approved(
    owner: Owner,
    wish: Partial<Wish> = {},
  ): Promise<{ id: WithdrawalId; intent: WithdrawalIntent }> {
    const asked = await this.asked(owner, wish);
    await this.house.judge(asked.intent);
    return asked;
  }

  /** As far as the station has to sign. */
  async built(
    owner: Owner,
    wish: Partial<Wish> = {},
  ): Promise<{ id: WithdrawalId; intent: WithdrawalIntent }> {
    const asked = await this.approved(owner, wish);
    await this.house.carryOn();
    return asked;
  }

  bundleOf(id: WithdrawalId): Promise<SigningBundle> {
    return this.#awaited(id).then((found) => found ?? never('nothing waits for the station'));
  }

  async #awaited(id: WithdrawalId): Promise<SigningBundle | undefined> {
    const { payoutId } = await this.house.row(id);
    const awaited = await awaitedBundles(this.house.parts, { onDamaged: () => undefined });
    return awaited.find(({ payout }) => idToUuid(payout) === payoutId)?.bundle;
  }

  /** The offline program, as an officer runs it with both masters at hand. */
  async atStation(bundle: SigningBundle): Promise<SigningBundle> {
    const { signer, scene } = this.house.chain.house;
    const nowMs = scene.clock.nowMs();
    // A sealed signer gives none; the one of before is good for a day.
    const { sealed } = await signer.status({});
    if (sealed === null) await loadFreezeStatus(this.station, (await signer.freezeStatus({})).status);
    const checked = await checkBundle(this.station, bundle, nowMs);
    const signable = await requireSignable(this.station, checked, { nowMs });
    return await signBundle(this.station, signable, mastersOf('cold'));
  }

  /** Everything goes on as if nothing had happened: worker, station, worker, and time. */
  async goOn(id?: WithdrawalId): Promise<void> {
    const { house } = this;
    await house.settle();
    const bundle = id === undefined ? undefined : await this.#awaited(id);
    if (bundle !== undefined) {
      const signed = await this.atStation(bundle);
      await importBundle(house.parts, signed, SOMEBODY);
    }
    for (let round = 0; round < 4; round++) {
      house.chain.house.scene.clock.advance(61_000);
      await house.settle();
    }
  }

  /** What was attacked stands still, so that the next attack is seen by itself. */
  async forget(): Promise<void> {
    await this.tamper(
      'UPDATE app.withdrawal SET look_at = NULL, intent_version = q.version FROM app.queued_intent q WHERE q.id = intent_id',
    );
  }

  /**
   * The officers' next manifest, which signer and station follow at once. Whether the application's processes have
   * noticed is for the attack to say.
   */
  async nextManifest(change: (manifest: Manifest) => Partial<Manifest>, noticed: boolean): Promise<void> {
    const { scene, signer: client } = this.house.chain.house;
    const { manifest, house } = scene.house;
    const { number } = this.#newest ?? manifest;
    const previousHash = manifestHash(this.#newest ?? manifest);
    const next = { ...manifest, ...change(manifest), number: number + 1, previousHash };
    await scene.loadManifest(client, next);
    await loadManifest(this.station, signedManifest(house, next), manifestHash(next));
    this.#newest = next;
    if (noticed) (scene.house as { manifest: Manifest }).manifest = next;
  }

  async books(): Promise<Books> {
    const { house } = this;
    const claims = [];
    for (const { vault, customer } of this.#owners) {
      claims.push([
        (await house.balance('vault', vault.id)).posted,
        await house.difference(vault.id),
      ] as const);
      claims.push([(await house.balance('spending', customer.id)).posted, 0n] as const);
    }
    const { scene } = house.chain.house;
    return { claims, signatures: await scene.signatures(), mempool: await this.mempool() };
  }

  async mempool(): Promise<readonly string[]> {
    const { url, credentials } = this.house.chain.regtest;
    const cookie = await readFile(credentials.cookieFile);
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Basic ${cookie.toString('base64')}` },
      body: JSON.stringify({ jsonrpc: '1.0', id: 1, method: 'getrawmempool', params: [] }),
    });
    return ((await response.json()) as { result: string[] }).result;
  }

  /** All alerts so far, the application's and the signer's. */
  async alerts(): Promise<readonly Alert[]> {
    const { database, chain } = this.house;
    const events = await database.outboxEvent.findMany({
      where: { type: 'alert.raised' },
      orderBy: { occurredAt: 'asc' },
    });
    const rows = await chain.house.scene.query<{ code: string | null; kind: string }>(
      `SELECT code, kind FROM signer.alert WHERE kind IN ('refused', 'sealed') ORDER BY position`,
    );
    return [
      ...events.map(({ content }): Alert => {
        const { data } = JSON.parse(content) as { data: { code: string } };
        return { by: 'application', code: data.code };
      }),
      ...rows.map(({ code, kind }): Alert => ({ by: 'signer', code: code ?? kind })),
    ];
  }

  /**
   * The attack must end in a refusal, an alert of one of these codes, and unchanged books, on the chain too.
   * @param attempt may throw: that is a refusal.
   */
  async expectRefused(expected: readonly Alert[], attempt: () => Promise<unknown>): Promise<void> {
    const before = await this.books();
    const known = await this.alerts();
    try {
      await attempt();
    } catch (thrown) {
      if (!isDomainError(thrown)) throw thrown;
    }
    const seen = new Set((await this.alerts()).slice().map(named));
    const old = count(known.map(named));
    const now = count((await this.alerts()).map(named));
    const fresh = [...seen].filter((name) => (now.get(name) ?? 0) > (old.get(name) ?? 0));
    expect(fresh.sort()).toEqual(expect.arrayContaining(expected.map(named).sort()));
    expect(await this.books()).toEqual(before);
  }

  /** The routes over HTTP, for somebody whom the server knows. */
  async api(
    id: string,
    roles: Principal['roles'] = [],
  ): Promise<(path: string, body: unknown) => Promise<Answer>> {
    const { parts, chain } = this.house;
    const kind = id.startsWith('cus_') ? ('customer' as const) : ('staff' as const);
    const session = {
      kind: 'session' as const,
      sessionId: 'session',
      factors: ['passkey' as const],
      tokenHash: Buffer.alloc(32),
    };
    const caller: Principal = { kind, id, roles: kind === 'customer' ? ['customer'] : roles, proof: session };
    const { url } = await serveApi({
      operations: [...withdrawalRoutes(parts), ...approvalRoutes(parts), ...walletRoutes(chain.house.parts)],
      errorMap,
      idempotency: createIdempotencyStore(this.house.database, 60_000),
      authenticator: {
        fromSessionToken: () => Promise.resolve(caller),
        fromApiKey: () => Promise.resolve(null),
      },
      handlerTimeoutMs: 20_000,
    });
    return async (path, body) => {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: {
          cookie: `${SESSION_COOKIE}=token`,
          'x-csrf-token': csrfTokenOf(testHash, Buffer.alloc(32)),
          'content-type': 'application/json',
          'idempotency-key': randomUUID(),
        },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
  }

  /** An approver's word, as `trilock approve` hands it in. */
  async submit(
    intent: WithdrawalIntent,
    word: Approval,
    as: string = word.statement.approver,
  ): Promise<Answer> {
    const send = await this.api(as, ['compliance']);
    return await send(`/v1/intents/${intent.id}/approvals`, word);
  }

  /** What a payment to an honest payee asks for. */
  wish(amount: bigint): Wish['to'] {
    return pay(amount);
  }

  intentUuid(intent: WithdrawalIntent): string {
    return idToUuid(parseId('intent', intent.id));
  }
}

function never(reason: string): never {
  throw new Error(reason);
}

function named({ by, code }: Alert): string {
  return `${by}: ${code}`;
}

function count(names: readonly string[]): Map<string, number> {
  const counted = new Map<string, number>();
  for (const name of names) counted.set(name, (counted.get(name) ?? 0) + 1);
  return counted;
}

/** Alerts of the application with these codes. */
export function application(...codes: string[]): Alert[] {
  return codes.map((code) => ({ by: 'application', code }));
}

export function signer(...codes: string[]): Alert[] {
  return codes.map((code) => ({ by: 'signer', code }));
}
