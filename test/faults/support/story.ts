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
  readonly promises: Promises = { deposits: [], transfers: [], withdrawals: [] };
  readonly #world: FaultWorld;
  readonly #pilot: Pilot;

  constructor(world: FaultWorld, pilot: Pilot) {
    this.#world = world;
    this.#pilot = pilot;
  }

  /** Somebody pays an address that was given to Ada. Not yet credited. */
  async deposit(balance: Balance, satoshis: bigint): Promise<void> {
    const { ada, node } = this.#world;
    const path = balance === 'vault' ? `/v1/wallets/${ada.vault}/addresses` : '/v1/spending-addresses';
    const { address } = await this.#post<{ address: string }>(ada, path, { label: 'Fault' });
    const { txid, vout } = await patiently('funding', () => node.fund(address, satoshis as Satoshis));
    this.promises.deposits.push({ customer: ada.id, balance, satoshis, outpoint: `${txid}:${vout}` });
  }

  /** Until everything that was paid to Ada so far is credited. */
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
  ): Promise<PromisedWithdrawal> {
    const { ada } = this.#world;
    const payee = freshPayee();
    const to = { kind: 'addresses', payments: [{ address: payee, satoshis: satoshis.toString() }] };
    const draft = await this.#post<WithdrawalView>(ada, '/v1/withdrawals', { balance, to });
    const intent = parseIntent(draft.intent);
    if (end !== 'paid') this.#pilot.heldBack.add(intent.id);
    const statement = {
      purpose: 'request' as const,
      intentHash: intentHash(intent),
      credential: ada.credential,
      signedAt: isoTime(systemClock.nowMs()),
    };
    const body = { statement, signature: ada.key.sign(statementDigest(statement)) };
    await this.#post(ada, `/v1/withdrawals/${draft.id}/request-signature`, body);
    const promised = {
      ...{ id: draft.id, intent: intent.id, intentHash: statement.intentHash, customer: ada.id },
      ...{ balance, satoshis, payee, end },
    };
    this.promises.withdrawals.push(promised);
    return promised;
  }

  async cancel({ id }: PromisedWithdrawal): Promise<void> {
    await this.#post(this.#world.ada, `/v1/withdrawals/${id}/cancel`);
  }

  /** Until it is in one of these states. */
  async reaches({ id }: PromisedWithdrawal, ...states: readonly string[]): Promise<void> {
    const { session } = this.#world.ada;
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

  #post<T>({ session }: DemoCustomer, path: string, body?: unknown): Promise<T> {
    const key = randomUUID();
    return patiently(`POST ${path}`, () => session.post<T>(path, body, key));
  }
}
