import { randomBytes, randomUUID } from 'node:crypto';
import { bech32 } from '@scure/base';
import { intentHash, parseIntent, statementDigest } from '../../../src/intents/index.ts';
import type { DemoCustomer, WithdrawalView } from '../../../src/main/demo/people.ts';
import { isoTime, systemClock, type Satoshis } from '../../../src/shared/index.ts';
import type { FaultWorld } from './fault-world.ts';
import { eventually, patiently } from './patience.ts';
import type { Pilot } from './pilot.ts';
import type { PromisedWithdrawal, Promises } from './promises.ts';

type Balance = 'vault' | 'spending';

/** P2WPKH of nobody: twenty random bytes, and nobody else's. */
export function freshPayee(): string {
  return bech32.encode('bcrt', [0, ...bech32.toWords(randomBytes(20))]);
}

/** What customers do, and what they may rely on afterwards. Every request is repeated until it is answered. */
export class Story {
  readonly promises: Promises = { deposits: [], transfers: [], withdrawals: [], restrictions: [] };
  readonly #world: FaultWorld;
  readonly #pilot: Pilot;

  constructor(world: FaultWorld, pilot: Pilot) {
    this.#world = world;
    this.#pilot = pilot;
  }

  /** Somebody pays an address that was given to a customer. Not yet credited. */
  async deposit(
    balance: Balance,
    satoshis: bigint,
    to: DemoCustomer = this.#world.ada,
    vault = this.#world.ada.vault,
  ): Promise<void> {
    const { node } = this.#world;
    const path = balance === 'vault' ? `/v1/wallets/${vault}/addresses` : '/v1/spending-addresses';
    const { address } = await this.#post<{ address: string }>(to, path, { label: 'Fault' });
    const { txid, vout } = await patiently('funding', () => node.fund(address, satoshis as Satoshis));
    this.promises.deposits.push({ customer: to.id, balance, satoshis, outpoint: `${txid}:${vout}` });
  }

  /** Until everything that was paid so far is credited. */
  async credited(): Promise<void> {
    const { sql } = this.#world;
    const { deposits } = this.promises;
    await eventually(
      'the deposits',
      async () => {
        const { rows } = await sql.query<{ outpoint: string; state: string }>(
          `SELECT txid || ':' || vout AS outpoint, state FROM app.deposit`,
        );
        return rows;
      },
      (rows) =>
        deposits.every(({ outpoint }) =>
          rows.some((row) => row.outpoint === outpoint && row.state === 'credited'),
        ),
    );
  }

  async transfer(satoshis: bigint): Promise<void> {
    const { ada, ben } = this.#world;
    const body = { recipient: ben.id, amountSats: satoshis.toString(), memo: 'Fault' };
    const { id } = await this.#post<{ id: string }>(ada, '/v1/transfers', body);
    this.promises.transfers.push({ id, from: ada.id, to: ben.id, satoshis });
  }

  /** Asked for and signed; the others do the rest. */
  async withdraw(
    balance: Balance,
    satoshis: bigint,
    end: PromisedWithdrawal['end'] = 'paid',
    { by = this.#world.ada, heldBack = end !== 'paid' }: { by?: DemoCustomer; heldBack?: boolean } = {},
  ): Promise<PromisedWithdrawal> {
    const payee = freshPayee();
    const to = { kind: 'addresses', payments: [{ address: payee, satoshis: satoshis.toString() }] };
    const draft = await this.#post<WithdrawalView>(by, '/v1/withdrawals', { balance, to });
    const intent = parseIntent(draft.intent);
    if (heldBack) this.#pilot.heldBack.add(intent.id);
    const statement = {
      purpose: 'request' as const,
      intentHash: intentHash(intent),
      credential: by.credential,
      signedAt: isoTime(systemClock.nowMs()),
    };
    const body = { statement, signature: by.key.sign(statementDigest(statement)) };
    await this.#post(by, `/v1/withdrawals/${draft.id}/request-signature`, body);
    const promised = {
      ...{ id: draft.id, intent: intent.id, intentHash: statement.intentHash, customer: by.id },
      ...{ balance, satoshis, payee, end },
    };
    this.promises.withdrawals.push(promised);
    return promised;
  }

  async cancel({ id }: PromisedWithdrawal): Promise<void> {
    await this.#post(this.#world.ada, `/v1/withdrawals/${id}/cancel`);
  }

  /** Until it is in one of these states. */
  async reaches({ id, customer }: PromisedWithdrawal, ...states: readonly string[]): Promise<void> {
    const { ada, ben } = this.#world;
    const { session } = customer === ben.id ? ben : ada;
    await eventually(
      `${id} to be ${states.join(' or ')}`,
      () => session.get<WithdrawalView>(`/v1/withdrawals/${id}`),
      ({ state }) => states.includes(state),
    );
  }

  /** Ada wants another vault. @returns its id. */
  async askForVault(): Promise<string> {
    const { ada } = this.#world;
    const wish = { plan: 'custodial', label: 'Another' };
    return (await this.#post<{ id: string }>(ada, '/v1/wallets', wish)).id;
  }

  async opened(wallet: string): Promise<void> {
    const { session } = this.#world.ada;
    await eventually(
      `${wallet} to open`,
      () => session.get<{ state: string }>(`/v1/wallets/${wallet}`),
      ({ state }) => state === 'open',
    );
  }

  /** Ada has another vault, and is paid there. */
  async openVault(): Promise<void> {
    const wallet = await this.askForVault();
    await this.opened(wallet);
    await this.deposit('vault', 30_000n, this.#world.ada, wallet);
    await this.credited();
  }

  /** Two of one wallet share a payout; when it is half signed one is taken back, and the other is paid without it. */
  async batched(satoshis: bigint): Promise<void> {
    const pilot = this.#pilot;
    pilot.approves = false;
    const kept = await this.withdraw('vault', satoshis);
    const dropped = await this.withdraw('vault', satoshis, 'cancelled');
    for (const each of [kept, dropped]) await this.reaches(each, 'awaiting_approval');
    pilot.approves = true;
    await this.reaches(dropped, 'awaiting_cosigner');
    await this.cancel(dropped);
    await this.reaches(dropped, 'cancelled');
    await this.reaches(kept, 'confirmed');
  }

  /** Ben is frozen when a payout of his is half signed, and released; it is approved anew and paid once. */
  async frozen(satoshis: bigint): Promise<void> {
    const { ben, approvers } = this.#world;
    const [, opener, asker] = approvers;
    const parked = await this.withdraw('spending', satoshis, 'paid', { by: ben, heldBack: true });
    await this.reaches(parked, 'awaiting_cosigner');
    const reviewAt = isoTime(systemClock.nowMs() + 86_400_000);
    const texts = { text: 'Payments are stopped.', restrictedText: 'Fault' };
    const found = { customer: ben.id, reasonCode: 'account_takeover', reviewAt, ...texts };
    const { id } = await this.#post<{ id: string }>(opener, '/v1/restrictions', found);
    this.promises.restrictions.push(id);
    await this.#restricted(id, 'in_force');
    await this.reaches(parked, 'awaiting_approval');
    const path = `/v1/restrictions/${id}/release-requests`;
    const { intent } = await this.#post<{ intent: unknown }>(asker, path, { reason: 'It was him.' });
    const release = parseIntent(intent);
    const statement = {
      purpose: 'request' as const,
      intentHash: intentHash(release),
      credential: asker.id,
      signedAt: isoTime(systemClock.nowMs()),
    };
    const signature = asker.key.sign(statementDigest(statement));
    await this.#post(asker, `/v1/intents/${release.id}/request`, { statement, signature });
    await this.#restricted(id, 'released');
    this.#pilot.heldBack.delete(parked.intent);
    this.#pilot.approveAnew(parked.intent);
    await this.reaches(parked, 'confirmed');
  }

  async #restricted(id: string, wanted: string): Promise<void> {
    const [{ session }] = this.#world.approvers;
    await eventually(
      `${id} to be ${wanted}`,
      () => session.get<{ state: string }>(`/v1/restrictions/${id}`),
      ({ state }) => state === wanted,
    );
  }

  #post<T>({ session }: Pick<DemoCustomer, 'session'>, path: string, body?: unknown): Promise<T> {
    const key = randomUUID();
    return patiently(`POST ${path}`, () => session.post<T>(path, body, key));
  }
}
