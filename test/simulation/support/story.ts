import { inTransaction } from '../../../src/database/index.ts';
import type { WithdrawalIntent } from '../../../src/intents/index.ts';
import { idToUuid, isDomainError, newId, satoshis, type WithdrawalId } from '../../../src/shared/index.ts';
import { completeTransfer, makeTransfer } from '../../../src/transfers/make-transfer.ts';
import { hasEnded, type WithdrawalState } from '../../../src/withdrawals/withdrawal.ts';
import { SeededRandom } from '../../ledger/simulation/world.ts';
import { TEST_CAUSE } from '../../wallets/custody-house.ts';
import { dying } from '../../withdrawals/support/crashes.ts';
import { pay, type House, type Owner, type Wish } from '../../withdrawals/support/house.ts';
import { Model, type Balance, type SeenWithdrawal } from './model.ts';

const PEOPLE = 2;
const MAX_FEE = 20_000n;
/** A failed look waits for so long at most. */
const BACKOFF_MS = 61_000;

/** What steps may stumble over in a world of crashes, all of it for a while only. */
const PASSING = new Set([
  'insufficient_funds',
  'wire_unreachable',
  'ledger_unreachable',
  'ledger_not_leader',
  'ledger_store_unavailable',
  'queued_intent_changed_meanwhile',
  'withdrawal_changed_meanwhile',
]);

export interface StoryReport {
  commands: number;
  paid: number;
  transfers: number;
  crashes: number;
  reorgs: number;
  ended: number;
}

/**
 * One sequence of commands of customers, approvers, miners and misfortune against a real institution, compared with
 * the model after each. The seed decides everything; the people are new, so that the story needs none before it.
 */
export class Story {
  readonly report: StoryReport = { commands: 0, paid: 0, transfers: 0, crashes: 0, reorgs: 0, ended: 0 };
  readonly #house: House;
  readonly #random: SeededRandom;
  readonly #told: string[] = [];
  readonly #people: Owner[] = [];
  readonly #asked: { readonly id: WithdrawalId; readonly intent: WithdrawalIntent }[] = [];
  #model!: Model;

  constructor(house: House, seed: number) {
    this.#house = house;
    this.#random = new SeededRandom(seed);
  }

  /** @throws Error with everything that was done, when system and model differ. */
  async tell(commands: number): Promise<StoryReport> {
    try {
      await this.#begin();
      for (let n = 0; n < commands; n++) await this.#command();
      await this.#end();
      return this.report;
    } catch (cause) {
      throw new Error(`after:\n  ${this.#told.join('\n  ')}`, { cause });
    }
  }

  async #begin(): Promise<void> {
    for (let person = 0; person < PEOPLE; person++) this.#people.push(await this.#house.owner());
    this.#model = new Model(PEOPLE, await this.#house.chain.regtest.control.height());
    for (let person = 0; person < PEOPLE; person++) {
      await this.#deposit(person, 'vault');
      await this.#deposit(person, 'spending');
    }
    await this.#mine(2);
    await this.#settle();
    await this.#compare();
  }

  async #command(): Promise<void> {
    const { next } = this.#pick();
    await next();
    this.report.commands++;
    await this.#settle();
    await this.#compare();
  }

  #pick(): { readonly next: () => Promise<void> } {
    const random = this.#random;
    const person = random.below(PEOPLE);
    const balance: Balance = random.chance(0.5) ? 'vault' : 'spending';
    const dice = random.next();
    if (dice < 0.12) return { next: () => this.#deposit(person, balance) };
    if (dice < 0.24) return { next: () => this.#mine(random.between(1, 2)) };
    if (dice < 0.36) return { next: () => this.#transfer(person) };
    if (dice < 0.56) return { next: () => this.#withdraw(person, balance) };
    if (dice < 0.72) return { next: () => this.#judge() };
    if (dice < 0.78) return { next: () => this.#cancel() };
    if (dice < 0.88) return { next: () => this.#cosign() };
    if (dice < 0.93) return { next: () => this.#reorganise() };
    return { next: () => this.#crash() };
  }

  #say(text: string): void {
    this.#told.push(text);
  }

  async #deposit(person: number, balance: Balance): Promise<void> {
    const { chain, treasury } = this.#house;
    const { customer, vault } = this.#people[person]!;
    const amount = BigInt(this.#random.between(50_000, 400_000));
    this.#say(`${person} pays ${amount} into ${balance}`);
    const wallet = balance === 'vault' ? vault.id : treasury.id;
    const { address } = await chain.house.give(wallet, customer.id);
    await chain.pay(address, amount);
    this.#model.deposits.push({ person, balance, amount, height: null });
  }

  async #mine(blocks: number): Promise<void> {
    this.#say(`${blocks} blocks`);
    await this.#house.chain.regtest.control.mine(blocks);
    this.#model.mined(blocks);
  }

  async #reorganise(): Promise<void> {
    const depth = this.#random.between(1, 3);
    this.#say(`the last ${depth} blocks are replaced`);
    await this.#house.chain.regtest.control.reorg(depth);
    this.#model.reorganised(depth);
    this.report.reorgs++;
    // A payment that hung on a lost block may have left the memory pool: the worker sends it again.
    await this.#settle();
    await this.#mine(2);
  }

  async #transfer(from: number): Promise<void> {
    const to = (from + 1) % PEOPLE;
    const amount = BigInt(this.#random.between(1_000, 300_000));
    const { available } = this.#model.expected(from, 'spending', await this.#seen());
    this.#say(`${from} sends ${to} ${amount} of ${available}`);
    const { database, ledger, scene } = this.#house.chain.house;
    const parts = { database, ledger, clock: scene.clock };
    const [sender, recipient] = [this.#people[from]!.customer.id, this.#people[to]!.customer.id];
    const transfer = { id: newId('transfer'), sender, recipient, amount: satoshis(amount), memo: null };
    let isDone = true;
    try {
      await makeTransfer(parts, transfer, TEST_CAUSE);
      await inTransaction(database, (tx) => completeTransfer(parts, tx, transfer));
    } catch (thrown) {
      if (!isDomainError(thrown)) throw thrown;
      this.#say(`  refused: ${thrown.code}`);
      isDone = false;
    }
    if (isDone !== amount <= available) throw new Error('the transfer is not what the model says');
    if (!isDone) return;
    this.#model.transferred[from]! -= amount;
    this.#model.transferred[to]! += amount;
    this.report.transfers++;
  }

  async #withdraw(person: number, from: Balance): Promise<void> {
    const owner = this.#people[person]!;
    const amount = BigInt(this.#random.between(20_000, 250_000));
    const other = from === 'vault' ? 'spending' : 'vault';
    const to = this.#random.chance(0.3) ? other : 'address';
    this.#say(`${person} asks for ${amount} from ${from} to ${to}`);
    const wish: Wish['to'] = to === 'address' ? pay(amount) : { kind: to, satoshis: satoshis(amount) };
    const asked = await this.#house.ask(owner, { balance: from, to: wish, maxFee: satoshis(MAX_FEE) });
    await this.#house.sign(owner, asked.intent);
    this.#asked.push(asked);
    const told = { approved: false, ended: null, cosigned: false, paid: false };
    this.#model.withdrawals.push({ person, from, to, amount, maxFee: MAX_FEE, ...told });
  }

  /** One withdrawal in one of these states, if there is any. */
  async #oneOf(...states: WithdrawalState[]): Promise<number | undefined> {
    const seen = await this.#seen();
    const found = seen.flatMap(({ state }, index) => (states.includes(state) ? [index] : []));
    return found.length === 0 ? undefined : this.#random.pick(found);
  }

  async #judge(): Promise<void> {
    const index = await this.#oneOf('awaiting_approval', 'screened');
    if (index === undefined) return;
    const decision = this.#random.chance(0.85) ? 'approve' : 'reject';
    this.#say(`somebody says ${decision} to withdrawal ${index}`);
    await this.#house.judge(this.#asked[index]!.intent, 0, decision);
    const told = this.#model.withdrawals[index]!;
    if (decision === 'approve') told.approved = true;
    else told.ended = 'rejected';
  }

  async #cancel(): Promise<void> {
    const index = await this.#oneOf('awaiting_approval', 'approved', 'built', 'awaiting_cosigner');
    if (index === undefined) return;
    this.#say(`withdrawal ${index} is taken back`);
    await this.#house.cancel(this.#asked[index]!.intent);
    this.#model.withdrawals[index]!.ended = 'cancelled';
  }

  async #cosign(): Promise<void> {
    this.#say('the station signs what waits');
    const seen = await this.#seen();
    await this.#house.cosign();
    seen.forEach(({ state }, index) => {
      if (state === 'awaiting_cosigner') this.#model.withdrawals[index]!.cosigned = true;
    });
  }

  async #crash(): Promise<void> {
    const { chain, parts } = this.#house;
    this.report.crashes++;
    const kind = this.#random.pick(['worker', 'worker', 'follower', 'ledger', 'signer'] as const);
    this.#say(`crash: ${kind}`);
    if (kind === 'follower') chain.follower = chain.newFollower();
    else if (kind === 'ledger') await chain.house.restartLedger();
    else if (kind === 'signer') await chain.house.restartSigner();
    else {
      const when = this.#random.chance(0.5) ? 'before' : 'after';
      // Something must be under way for the worker to die at.
      await this.#withdraw(this.#random.below(PEOPLE), this.#random.chance(0.5) ? 'vault' : 'spending');
      await this.#house.settle(dying(parts, this.#random.between(1, 4), when).parts);
    }
  }

  /** Follower and worker do what they can; what failed in passing is tried again when its time has come. */
  async #settle(): Promise<void> {
    const { chain, failures } = this.#house;
    const known = failures.length;
    await chain.settle();
    await this.#house.settle();
    chain.house.scene.clock.advance(BACKOFF_MS);
    await this.#house.settle();
    for (const failure of failures.slice(known)) {
      const isKill = failure instanceof Error && failure.message === 'killed';
      if (!isKill && !(isDomainError(failure) && PASSING.has(failure.code))) throw failure;
    }
  }

  async #seen(): Promise<readonly SeenWithdrawal[]> {
    const ids = this.#asked.map(({ id }) => idToUuid(id));
    const rows = await this.#house.database.withdrawal.findMany({ where: { id: { in: ids } } });
    return ids.map((id) => {
      const row = rows.find((candidate) => candidate.id === id)!;
      return { state: row.state as WithdrawalState, bookedAmount: row.bookedAmount };
    });
  }

  async #compare(): Promise<void> {
    const seen = await this.#seen();
    for (const [index, told] of this.#model.withdrawals.entries()) {
      const complaint = Model.complaint(told, seen[index]!);
      if (complaint !== null) throw new Error(`withdrawal ${index} ${complaint}`);
      this.#noteOwnPayment(index, seen[index]!);
    }
    for (const [person, { customer, vault }] of this.#people.entries()) {
      for (const balance of ['vault', 'spending'] as const) {
        const owner = balance === 'vault' ? vault.id : customer.id;
        const { posted, available } = await this.#house.balance(balance, owner);
        const expected = this.#model.expected(person, balance, seen);
        if (posted === expected.posted && available === expected.available) continue;
        throw new Error(
          `${balance} of ${person} is ${posted} (${available}), and should be ${expected.posted} (${expected.available})`,
        );
      }
    }
  }

  /** What is on its way to another balance of the same person arrives there as a deposit. */
  #noteOwnPayment(index: number, { state }: SeenWithdrawal): void {
    const told = this.#model.withdrawals[index]!;
    if (told.paid || !['broadcast', 'confirmed'].includes(state)) return;
    told.paid = true;
    this.report.paid++;
    if (told.to === 'address') return;
    this.#model.deposits.push({ person: told.person, balance: told.to, amount: told.amount, height: null });
  }

  /** Everything that is under way comes to its end, and then books and chain agree to the satoshi. */
  async #end(): Promise<void> {
    this.#say('the end');
    for (let round = 0; round < 12; round++) {
      const seen = await this.#seen();
      for (const [index, { state }] of seen.entries()) {
        if (state !== 'awaiting_approval') continue;
        await this.#house.judge(this.#asked[index]!.intent);
        this.#model.withdrawals[index]!.approved = true;
      }
      await this.#settle();
      await this.#cosign();
      await this.#settle();
      await this.#compare();
      await this.#mine(2);
      await this.#settle();
      await this.#compare();
      const now = await this.#seen();
      const isOver = now.every(({ state }) => state === 'confirmed' || hasEnded(state));
      if (isOver && round > 0) break;
      if (round === 11) throw new Error(`it does not end: ${now.map(({ state }) => state).join(', ')}`);
    }
    this.report.ended = this.#asked.length;
    await this.#checkBooks();
  }

  async #checkBooks(): Promise<void> {
    const { treasury, database } = this.#house;
    for (const id of [treasury.id, ...this.#people.map(({ vault }) => vault.id)]) {
      const difference = await this.#house.difference(id);
      if (difference !== 0n) throw new Error(`wallet ${id} differs from its books by ${difference}`);
    }
    // One intent, at most one transaction in the chain, also of those that were raised or built again.
    const ids = this.#asked.map(({ id }) => idToUuid(id));
    const rows = await database.withdrawal.findMany({
      where: { id: { in: ids }, state: 'confirmed' },
      include: { payout: { include: { inputs: true } } },
    });
    for (const { payout } of rows) {
      const outpoints = payout!.inputs.map(({ txid, vout }) => ({ txid, vout }));
      const spends = await database.coinSpend.findMany({ where: { OR: outpoints, undoneAt: null } });
      const spenders = new Set(spends.map(({ byTxid }) => byTxid));
      if (spenders.size !== 1)
        throw new Error(`the coins of a payout were spent by ${spenders.size} transactions`);
    }
  }
}
