import {
  isSuccess,
  RESULT,
  LedgerError,
  type CommandResult,
  type LedgerClient,
  type LedgerCommand,
  type LedgerId,
} from '../../../src/ledger/client/index.ts';
import type { Host } from './world.ts';

/** What was answered, and when it was known. */
export interface Answered {
  readonly command: LedgerCommand;
  readonly answer: CommandResult;
  readonly sequence: number;
}

export interface ReadSeen {
  readonly id: LedgerId;
  /** Undefined: no such account. */
  readonly balance: bigint | undefined;
  readonly sequence: number;
  /** The highest sequence that anybody had been answered before the read began. */
  readonly notBefore: number;
}

const WORKERS = 2;
const CALLS = 7;
const ASSET = 1;
export const FUNDING = accountId(0);
export const ACCOUNTS = [1, 2, 3, 4].map(accountId);

function accountId(n: number): LedgerId {
  return uuid(1_700_000_000_000, BigInt(n), BigInt(n));
}

function uuid(timeMs: number, high: bigint, low: bigint): LedgerId {
  return (
    (BigInt(timeMs) << 80n) |
    (7n << 76n) |
    ((high & 0xfffn) << 64n) |
    (2n << 62n) |
    (low & ((1n << 62n) - 1n))
  );
}

/** The highest sequence of any answer so far in this world. */
const acknowledged = new WeakMap<object, { sequence: number }>();

/** Somebody who moves money, never gives up on a call, and writes down every answer. */
export class Customer {
  readonly answered: Answered[] = [];
  readonly reads: ReadSeen[] = [];
  resubmitted = 0;
  readonly #number: number;
  readonly #host: Host;
  readonly #client: LedgerClient;
  readonly #calls: (readonly LedgerCommand[])[] = [];
  readonly #holds: LedgerId[] = [];
  #ids = 0;

  constructor(number: number, host: Host, client: LedgerClient) {
    this.#number = number;
    this.#host = host;
    this.#client = client;
    if (!acknowledged.has(host.world)) acknowledged.set(host.world, { sequence: 0 });
  }

  async live(): Promise<void> {
    // Both create the same accounts: one of them is told that they exist.
    await this.#call([
      { kind: 'account', id: FUNDING, asset: ASSET, code: 1 },
      ...ACCOUNTS.map((id) => ({
        kind: 'account' as const,
        id,
        asset: ASSET,
        code: 2,
        accountFlags: { debitsMustNotExceedCredits: true },
      })),
    ]);
    await this.#call(ACCOUNTS.map((account) => this.#transfer(FUNDING, account, 50n)));
    await Promise.all(Array.from({ length: WORKERS }, () => this.#work()));
    this.#client.close();
  }

  async #work(): Promise<void> {
    const { random } = this.#host.world;
    for (let call = 0; call < CALLS; call++) {
      await this.#host.sleep(random.between(0, 400));
      const dice = random.next();
      if (dice < 0.25) await this.#read();
      else if (dice < 0.4 && this.#calls.length > 0) await this.#call(random.pick(this.#calls));
      else await this.#call(this.#somethingNew());
    }
  }

  #somethingNew(): LedgerCommand[] {
    const { random } = this.#host.world;
    const [from, to] = [random.pick(ACCOUNTS), random.pick(ACCOUNTS)];
    const amount = BigInt(random.between(1, 30));
    switch (random.below(6)) {
      case 0: {
        const hold = {
          ...this.#transfer(from, to, amount),
          flags: { pending: true },
          timeoutSeconds: random.below(3),
        };
        this.#holds.push(hold.id);
        return [hold];
      }
      case 1: {
        const pendingId = this.#holds.at(-1);
        if (pendingId === undefined) return [this.#transfer(from, to, amount)];
        const id = this.#id();
        return random.chance(0.5)
          ? [{ kind: 'transfer', id, pendingId, amount: 1n, flags: { post: true } }]
          : [{ kind: 'transfer', id, pendingId, flags: { void: true } }];
      }
      case 2:
        return [
          { ...this.#transfer(from, to, amount), flags: { linked: true } },
          this.#transfer(to, random.pick(ACCOUNTS), 40n),
        ];
      case 3: {
        const flags = random.chance(0.5) ? { set: { frozen: true } } : { clear: { frozen: true } };
        return [{ kind: 'accountFlags', id: this.#id(), accountId: from, code: 1, ...flags }];
      }
      default:
        return Array.from({ length: random.between(1, 4) }, () =>
          this.#transfer(random.pick(ACCOUNTS), random.pick(ACCOUNTS), BigInt(random.between(1, 30))),
        );
    }
  }

  #transfer(
    debitAccountId: LedgerId,
    creditAccountId: LedgerId,
    amount: bigint,
  ): LedgerCommand & { kind: 'transfer' } {
    return {
      kind: 'transfer',
      id: this.#id(),
      debitAccountId,
      creditAccountId,
      amount,
      asset: ASSET,
      code: 3,
    };
  }

  #id(): LedgerId {
    return uuid(this.#host.nowMs(), BigInt(this.#number), BigInt(++this.#ids));
  }

  async #call(commands: readonly LedgerCommand[]): Promise<void> {
    for (;;) {
      try {
        const { results, sequence } = await this.#client.submit(commands);
        const seen = acknowledged.get(this.#host.world)!;
        seen.sequence = Math.max(seen.sequence, sequence);
        commands.forEach((command, n) => this.answered.push({ command, answer: results[n]!, sequence }));
        this.#calls.push(commands);
        return;
      } catch (error) {
        if (!(error instanceof LedgerError) || error.code !== 'ledger_unreachable') throw error;
        this.resubmitted++;
      }
    }
  }

  async #read(): Promise<void> {
    const notBefore = acknowledged.get(this.#host.world)!.sequence;
    try {
      const { value, sequence } = await this.#client.accounts(ACCOUNTS);
      ACCOUNTS.forEach((id, n) => {
        const account = value[n];
        const balance = account === undefined ? undefined : account.creditsPosted - account.debitsPosted;
        this.reads.push({ id, balance, sequence, notBefore });
      });
    } catch (error) {
      // A read may simply fail; it is asked again, or not.
      if (!(error instanceof LedgerError) || error.code !== 'ledger_unreachable') throw error;
    }
  }
}

/** The success that a repetition reports under another name is the same answer. */
export function sameAnswer(first: CommandResult, second: CommandResult): boolean {
  const [a, b] = [RESULT[first.result], RESULT[second.result]];
  return a === b || (isSuccess(a) && isSuccess(b));
}
