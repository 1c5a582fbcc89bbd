import { readId, type LedgerId } from '../format/index.ts';
import type { AccountTable } from './account-table.ts';
import { HOLD_STATE, type HoldTable } from './hold-table.ts';

/** A hold as of the last batch applied. */
export interface HoldReading {
  readonly id: LedgerId;
  readonly state: keyof typeof HOLD_STATE;
  readonly debitAccountId: LedgerId;
  readonly creditAccountId: LedgerId;
  readonly amount: bigint;
  readonly asset: number;
  readonly code: number;
  /** 0 when it never runs out. */
  readonly expiresAtMs: number;
}

const STATES: Readonly<Record<number, keyof typeof HOLD_STATE>> = {
  [HOLD_STATE.pending]: 'pending',
  [HOLD_STATE.posted]: 'posted',
  [HOLD_STATE.voided]: 'voided',
  [HOLD_STATE.expired]: 'expired',
};

function idOf(table: { copyId(row: number, words: Uint32Array, at: number): void }, row: number): LedgerId {
  const words = new Uint32Array(4);
  table.copyId(row, words, 0);
  return readId(new DataView(words.buffer), 0);
}

export function readHold(accounts: AccountTable, holds: HoldTable, row: number): HoldReading {
  const debit = holds.debitRow(row);
  return {
    id: idOf(holds, row),
    state: STATES[holds.state(row)] ?? 'pending',
    debitAccountId: idOf(accounts, debit),
    creditAccountId: idOf(accounts, holds.creditRow(row)),
    amount: holds.amounts.read(holds.cell(row)),
    asset: accounts.asset(debit),
    code: holds.code(row),
    expiresAtMs: holds.expiresAtMs(row),
  };
}
