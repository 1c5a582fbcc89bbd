import { inTransaction } from '../../../src/database/index.ts';
import type { WithdrawalIntent } from '../../../src/intents/index.ts';
import { idToUuid, isDomainError, newId, satoshis, type WithdrawalId } from '../../../src/shared/index.ts';
import { settleRestrictions } from '../../../src/freeze/index.ts';
import type { RestrictionId } from '../../../src/freeze/restriction.ts';
import { completeTransfer, makeTransfer } from '../../../src/transfers/make-transfer.ts';
import { hasEnded, type WithdrawalState } from '../../../src/withdrawals/withdrawal.ts';
import { SeededRandom } from '../../ledger/simulation/world.ts';
import { TEST_CAUSE } from '../../wallets/custody-house.ts';
import { dying } from '../../withdrawals/support/crashes.ts';
import { pay, type House, type Owner, type Wish } from '../../withdrawals/support/house.ts';
import { FrozenHouse } from '../../freeze/frozen-house.ts';
import { ChangingPolicy } from './changing-policy.ts';
import { Model, SMALL, type Balance, type SeenWithdrawal } from './model.ts';

const PEOPLE = 2;
const MAX_FEE = 20_000n;
/** A failed look waits for so long at most. */
const BACKOFF_MS = 61_000;
const HOUR_MS = 3_600_000;
const APPROVERS = 3;

/** What steps may stumble over in a world of crashes, all of it for a while only. */
const PASSING = new Set([
  'insufficient_funds',
  'wire_unreachable',
  'ledger_unreachable',
  'ledger_not_leader',
  'ledger_store_unavailable',
  'queued_intent_changed_meanwhile',
  'withdrawal_changed_meanwhile',
  // The signer refuses what it is asked for again after a crash, when the account was restricted meanwhile.
  'account_restricted',
]);

export interface StoryReport {
  commands: number;
  paid: number;
  transfers: number;
  crashes: number;
  reorgs: number;
  restrictions: number;
  releases: number;
  policies: number;
  ended: number;
}

export const NOTHING_YET: Readonly<StoryReport> = {
  ...{ commands: 0, paid: 0, transfers: 0, crashes: 0, reorgs: 0, restrictions: 0, releases: 0 },
  ...{ policies: 0, ended: 0 },
};

/**
 * One sequence of commands of customers, approvers, miners and misfortune against a real institution, compared with
 * the model after each. The seed decides everything; the people are new, so that the story needs none before it.
 */
export class Story {
  readonly report: StoryReport = { ...NOTHING_YET };
  readonly #house: House;
  readonly #office: FrozenHouse;
  readonly #policy: ChangingPolicy;
  readonly #random: SeededRandom;
  readonly #told: string[] = [];
  readonly #people: Owner[] = [];
  readonly #asked: { readonly id: WithdrawalId; readonly intent: WithdrawalIntent }[] = [];
  #model!: Model;
  /** Below it are the blocks of other stories. */
  #firstHeight = 0;

  constructor(house: House, seed: number) {
    this.#house = house;
    this.#office = new FrozenHouse(house);
    this.#policy = new ChangingPolicy(house);
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
    this.#firstHeight = await this.#house.chain.regtest.control.height();
    this.#model = new Model(PEOPLE, this.#firstHeight);
    const both = (person: number) => [
      { person, balance: 'vault' } as const,
      { person, balance: 'spending' } as const,
    ];
    await this.#policy.prepare();
    await this.#deposit(...Array.from({ length: PEOPLE }, (_, person) => both(person)).flat());
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
    if (dice < 0.1) return { next: () => this.#deposit({ person, balance }) };
    if (dice < 0.19) return { next: () => this.#mine(random.between(1, 2)) };
    if (dice < 0.29) return { next: () => this.#transfer(person) };
    if (dice < 0.48) return { next: () => this.#withdraw(person, balance) };
    if (dice < 0.65) return { next: () => this.#judge() };
    if (dice < 0.7) return { next: () => this.#cancel() };
    if (dice < 0.8) return { next: () => this.#cosign() };
    if (dice < 0.84) return { next: () => this.#reorganise() };
    if (dice < 0.89) return { next: () => this.#restrict(person) };
    if (dice < 0.92) return { next: () => this.#lift(person) };
    if (dice < 0.94) return { next: () => this.#rest() };
    if (dice < 0.965) return { next: () => this.#changePolicy() };
    return { next: () => this.#crash() };
  }

  #say(text: string): void {
    this.#told.push(text);
  }

  async #deposit(
    ...wishes: readonly { readonly person: number; readonly balance: Balance }[]
  ): Promise<void> {
    const { chain, treasury } = this.#house;
    const payments = [];
    for (const { person, balance } of wishes) {
      const { customer, vault } = this.#people[person]!;
      const isLarge = this.#random.chance(0.25);
      const amount = BigInt(
        isLarge ? this.#random.between(1_200_000, 2_400_000) : this.#random.between(50_000, 400_000),
      );
      this.#say(`${person} pays ${amount} into ${balance}`);
      const { address } = await chain.house.give(balance === 'vault' ? vault.id : treasury.id, customer.id);
      payments.push({ to: address, amount: satoshis(amount) });
      this.#model.deposits.push({ person, balance, amount, height: null });
    }
    await chain.regtest.control.fundMany(payments);
  }

  async #mine(blocks: number): Promise<void> {
    this.#say(`${blocks} blocks`);
    await this.#house.chain.regtest.control.mine(blocks);
    this.#model.mined(blocks);
  }

  async #reorganise(): Promise<void> {
    const depth = Math.min(this.#random.between(1, 3), this.#model.height - this.#firstHeight);
    this.#say(`the last ${depth} blocks are replaced`);
    await this.#house.chain.regtest.control.reorg(depth);
    this.#model.reorganised(depth);
    this.report.reorgs++;
    // A payout may not be mined below the height at which it was built (its lock time), so a node whose chain was
    // shorter for a moment has dropped it, and the new blocks came without it: the worker sends it again.
    await this.#settle();
    await this.#mine(1);
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
    const isAllowed = amount <= available && !this.#model.isRestricted(from);
    if (isDone !== isAllowed) throw new Error('the transfer is not what the model says');
    if (!isDone) return;
    this.#model.transferred[from]! -= amount;
    this.#model.transferred[to]! += amount;
    this.report.transfers++;
  }

  async #withdraw(person: number, from: Balance): Promise<void> {
    const owner = this.#people[person]!;
    const isLarge = this.#random.chance(0.15);
    const amount = isLarge ? SMALL + 1n : BigInt(this.#random.between(20_000, 250_000));
    const other = from === 'vault' ? 'spending' : 'vault';
    const to = this.#random.chance(0.3) ? other : 'address';
    this.#say(`${person} asks for ${amount} from ${from} to ${to}`);
    const wish: Wish['to'] = to === 'address' ? pay(amount) : { kind: to, satoshis: satoshis(amount) };
    let asked;
    try {
      asked = await this.#house.ask(owner, { balance: from, to: wish, maxFee: satoshis(MAX_FEE) });
    } catch (thrown) {
      const isRefused = isDomainError(thrown) && thrown.code === 'account_restricted';
      if (!isRefused || !this.#model.isRestricted(person)) throw thrown;
      this.#say('  refused');
      return;
    }
    if (this.#model.isRestricted(person)) throw new Error('a restricted account may ask for a withdrawal');
    await this.#house.sign(owner, asked.intent);
    this.#asked.push(asked);
    const told = {
      approvals: new Set<number>(),
      strict: this.#model.strict,
      granted: false,
      passed: false,
      approvedAtMs: null,
      stopped: false,
      ended: null,
      cosigned: false,
    };
    this.#model.withdrawals.push({ person, from, to, amount, maxFee: MAX_FEE, ...told, paid: false });
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
    const told = this.#model.withdrawals[index]!;
    const decision = this.#random.chance(0.85) ? 'approve' : 'reject';
    const approver = this.#random.below(APPROVERS);
    this.#say(`approver ${approver} says ${decision} to withdrawal ${index}`);
    try {
      await this.#house.judge(this.#asked[index]!.intent, approver, decision);
    } catch (thrown) {
      if (!this.#saidBefore(index, approver, thrown)) throw thrown;
      this.#say('  said so before');
      return;
    }
    if (decision === 'approve') this.#model.approved(index, approver, this.#nowMs());
    else told.ended = 'rejected';
  }

  /**
   * Whether they had approved this already. What was too little before the policy became looser still stands there, and
   * counts from the next word on; the model does not count it.
   */
  #saidBefore(index: number, approver: number, thrown: unknown): boolean {
    if (!isDomainError(thrown) || thrown.code !== 'approval_already_given') return false;
    return this.#model.withdrawals[index]!.approvals.has(approver) || this.report.policies > 0;
  }

  #nowMs(): number {
    return this.#house.chain.house.scene.clock.nowMs();
  }

  /** Long enough for what rests before it is paid. */
  #rest(): Promise<void> {
    this.#say('an hour passes');
    this.#house.chain.house.scene.clock.advance(HOUR_MS);
    return Promise.resolve();
  }

  /** Tighter at once, or back to where it was, by another's word and after an hour. */
  async #changePolicy(): Promise<void> {
    const strict = !this.#model.strict;
    this.#say(strict ? 'the policy becomes tighter' : 'the policy becomes looser');
    if (strict) await this.#policy.tighten();
    else await this.#policy.loosen();
    this.#model.strict = strict;
    this.report.policies++;
  }

  async #restrict(person: number): Promise<void> {
    this.#say(`${person} is restricted`);
    const id = await this.#office.impose(this.#people[person]!.customer.id);
    this.report.restrictions++;
    // Half of the time ledger and signer hear of it from a worker that dies at it.
    if (this.#random.chance(0.5)) await this.#dieRestricting();
    await this.#acknowledge();
    this.#model.restrict(person, id, await this.#seen());
  }

  async #dieRestricting(): Promise<void> {
    const { parts } = this.#office;
    const heard = this.#random.chance(0.5);
    this.#say(`  the worker dies ${heard ? 'after' : 'before'} telling the signer`);
    const restrict: typeof parts.signer.restrict = async (restriction) => {
      if (heard) await parts.signer.restrict(restriction);
      throw new Error('killed');
    };
    const dead = { ...parts, signer: { ...parts.signer, restrict } };
    await settleRestrictions(dead).catch((thrown: unknown) => {
      if (!(thrown instanceof Error) || thrown.message !== 'killed') throw thrown;
    });
    this.#house.chain.house.scene.clock.advance(BACKOFF_MS);
  }

  /** The worker tells ledger and signer; after a crash of these a second look is needed. */
  async #acknowledge(): Promise<void> {
    for (let look = 0; ; look++) {
      try {
        await this.#office.settle();
        return;
      } catch (thrown) {
        if (look > 3 || !isDomainError(thrown) || !PASSING.has(thrown.code)) throw thrown;
        this.#house.chain.house.scene.clock.advance(BACKOFF_MS);
      }
    }
  }

  async #lift(person: number): Promise<void> {
    const restrictions = this.#model.restricted.get(person) ?? [];
    if (restrictions.length === 0) return;
    const restriction = this.#random.pick(restrictions);
    this.#say(`a restriction of ${person} is lifted`);
    await this.#office.release(restriction as RestrictionId);
    this.#model.lift(person, restriction);
    this.report.releases++;
  }

  async #cancel(): Promise<void> {
    const index = await this.#oneOf(
      'awaiting_approval',
      'approved',
      'cooling_off',
      'built',
      'awaiting_cosigner',
    );
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
    for (let look = 0; look < 5; look++) {
      const before = failures.length;
      chain.house.scene.clock.advance(BACKOFF_MS);
      await this.#house.settle();
      if (failures.length === before) break;
    }
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
      // Parked by a restriction, or built anew: what was said before does not count any more.
      const isAskedAnew = told.stopped || told.passed || this.#model.isApproved(told);
      if (isAskedAnew && seen[index]!.state === 'awaiting_approval') Model.askedAnew(told);
      const complaint = this.#model.complaint(told, seen[index]!, this.#nowMs());
      if (complaint !== null) throw new Error(`withdrawal ${index} ${complaint}`);
      this.#model.note(told, seen[index]!);
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
    if (this.#model.strict) await this.#changePolicy();
    for (const [person, restrictions] of this.#model.restricted) {
      for (const restriction of [...restrictions]) {
        await this.#office.release(restriction as RestrictionId);
        this.#model.lift(person, restriction);
      }
    }
    for (let round = 0; round < 12; round++) {
      await this.#approveAll();
      await this.#settle();
      await this.#cosign();
      await this.#settle();
      await this.#compare();
      await this.#mine(3);
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

  /** By all whom it may need, and then it rests. */
  async #approveAll(): Promise<void> {
    const seen = await this.#seen();
    let isLarge = false;
    for (const [index, { state }] of seen.entries()) {
      const told = this.#model.withdrawals[index]!;
      if (state !== 'awaiting_approval') continue;
      for (let approver = APPROVERS - 1; approver >= 0 && !this.#model.isApproved(told); approver--) {
        if (told.approvals.has(approver)) continue;
        try {
          await this.#house.judge(this.#asked[index]!.intent, approver);
        } catch (thrown) {
          if (!this.#saidBefore(index, approver, thrown)) throw thrown;
        }
        this.#model.approved(index, approver, this.#nowMs());
      }
      isLarge ||= told.amount > SMALL;
    }
    await this.#settle();
    await this.#compare();
    if (isLarge || seen.some(({ state }) => state === 'cooling_off')) await this.#rest();
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
