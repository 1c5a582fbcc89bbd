import {
  BITCOIN_ASSET,
  bookEvent,
  type EventName,
  type LedgerClient,
  type Occurrence,
  type ResultName,
} from '../ledger/client/index.ts';
import { WithdrawalError } from './errors.ts';
import type { Withdrawal } from './withdrawal.ts';

type PayoutEvent =
  | 'WithdrawalHeld'
  | 'WithdrawalReleased'
  | 'PayoutBroadcast'
  | 'PayoutConfirmed'
  | 'PayoutUnconfirmed'
  | 'PayoutReconfirmed';

/** What a withdrawal books; every id follows from it, so that booking again is harmless. */
export class WithdrawalBooks {
  readonly #ledger: Pick<LedgerClient, 'transfer'>;

  constructor(ledger: Pick<LedgerClient, 'transfer'>) {
    this.#ledger = ledger;
  }

  /** Holds amount and fee cap. False: the balance does not cover it. @throws WithdrawalError `ledger_refused`. */
  async hold(withdrawal: Withdrawal): Promise<'held' | 'insufficient' | 'frozen'> {
    const results = await this.#submit('WithdrawalHeld', withdrawal, {
      amount: withdrawal.amount + withdrawal.maxFee,
    });
    const refusal = results.find((name) => name !== 'ok' && name !== 'exists');
    if (refusal === undefined) return 'held';
    // An account that was never opened has nothing in it.
    if (refusal === 'exceeds_credits' || refusal === 'debit_account_not_found') return 'insufficient';
    if (refusal === 'debit_account_frozen' || refusal === 'debit_account_closed') return 'frozen';
    return refused('WithdrawalHeld', withdrawal, refusal);
  }

  /**
   * Lets the hold go. It is booked once more before, in the same request: one that was never made is made and let go
   * at once, or refused for good. So a request for it that is still on its way, from a process that has lost its turn,
   * cannot hold anything afterwards.
   */
  async release(withdrawal: Withdrawal): Promise<void> {
    const held = this.#commands('WithdrawalHeld', withdrawal, {
      amount: withdrawal.amount + withdrawal.maxFee,
    });
    const released = this.#commands('WithdrawalReleased', withdrawal, undefined);
    const { results } = await this.#ledger.transfer([...held, ...released]);
    const result = results.at(-1)?.result ?? 'linked_record_failed';
    if (result !== 'ok' && result !== 'exists' && result !== 'pending_transfer_not_found') {
      refused('WithdrawalReleased', withdrawal, result);
    }
  }

  /** The whole hold is in flight. */
  async broadcast(withdrawal: Withdrawal): Promise<void> {
    await this.#book('PayoutBroadcast', withdrawal, undefined, 1);
  }

  /** A dearer transaction than the one that was confirmed before: what is missing comes from the balance again. */
  async topUp(withdrawal: Withdrawal, amount: bigint, cycle: number): Promise<void> {
    await this.#book('WithdrawalHeld', withdrawal, { amount }, cycle);
    await this.#book('PayoutBroadcast', withdrawal, undefined, cycle);
  }

  /** `left` has left the wallet, fee included; of `reserved`, which was in flight, the rest returns. */
  async confirm(withdrawal: Withdrawal, left: bigint, reserved: bigint, cycle: number): Promise<void> {
    await this.#book('PayoutConfirmed', withdrawal, { amount: left, unspent: reserved - left }, cycle);
  }

  /** A reorganisation took confirmation `cycle` back. */
  async unconfirm(withdrawal: Withdrawal, left: bigint, cycle: number): Promise<void> {
    await this.#book('PayoutUnconfirmed', withdrawal, { amount: left }, cycle);
  }

  async #book(
    event: PayoutEvent,
    withdrawal: Withdrawal,
    amounts: Occurrence['amounts'],
    attempt: number,
  ): Promise<void> {
    const results = await this.#submit(event, withdrawal, amounts, attempt);
    const refusal = results.find((name) => name !== 'ok' && name !== 'exists');
    if (refusal !== undefined) refused(event, withdrawal, refusal);
  }

  async #submit(
    event: PayoutEvent,
    withdrawal: Withdrawal,
    amounts: Occurrence['amounts'],
    attempt = 1,
  ): Promise<readonly ResultName[]> {
    const { results } = await this.#ledger.transfer(this.#commands(event, withdrawal, amounts, attempt));
    return results.map(({ result }) => result);
  }

  #commands(
    event: PayoutEvent,
    { id, balance, customerId, walletId }: Withdrawal,
    amounts: Occurrence['amounts'],
    attempt = 1,
  ): ReturnType<typeof bookEvent> {
    const isVault = balance === 'vault';
    return bookEvent({
      event: `${balance}${event}` satisfies EventName,
      entity: id,
      attempt,
      asset: BITCOIN_ASSET,
      parties: {
        customer: customerId,
        ...(isVault ? { vaultWallet: walletId } : { treasuryWallet: walletId }),
      },
      ...(amounts === undefined ? {} : { amounts }),
    });
  }
}

function refused(event: PayoutEvent, { id }: Withdrawal, result: ResultName): never {
  throw new WithdrawalError('ledger_refused', 'The ledger refuses to book this.', {
    details: { withdrawal: id, event, result },
  });
}
