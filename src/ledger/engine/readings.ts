import {
  accountFlagsFromBits,
  readId,
  readUint128,
  type AccountFlags,
  type LedgerId,
} from '../format/index.ts';
import {
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  type AccountTable,
} from './account-table.ts';
import { HOLD_STATE, type HoldTable } from './hold-table.ts';

/** An account as of the last batch applied. Sums are in the asset's smallest unit. */
export interface AccountReading {
  readonly id: LedgerId;
  readonly asset: number;
  readonly code: number;
  readonly flags: Required<AccountFlags>;
  readonly debitsPosted: bigint;
  readonly creditsPosted: bigint;
  readonly debitsPending: bigint;
  readonly creditsPending: bigint;
  /** What it may still spend: credits posted − debits posted − debits pending. Negative if it has no limit. */
  readonly available: bigint;
  readonly userData128: bigint;
  readonly userData64: bigint;
  readonly userData32: number;
  readonly createdAtMs: number;
}

export interface HoldReading {
  readonly id: LedgerId;
  readonly state: keyof typeof HOLD_STATE;
  readonly debitAccountId: LedgerId;
  readonly creditAccountId: LedgerId;
  readonly amount: bigint;
  readonly asset: number;
  readonly code: number;
  readonly timeoutSeconds: number;
  /** 0 when it never runs out. */
  readonly expiresAtMs: number;
}

function idOf(table: { copyId(row: number, words: Uint32Array, at: number): void }, row: number): LedgerId {
  const words = new Uint32Array(4);
  table.copyId(row, words, 0);
  return readId(new DataView(words.buffer), 0);
}

export function readAccount(accounts: AccountTable, row: number): AccountReading {
  const cell = accounts.cell(row);
  const debitsPosted = accounts.sums.read(cell + DEBITS_POSTED);
  const creditsPosted = accounts.sums.read(cell + CREDITS_POSTED);
  const debitsPending = accounts.sums.read(cell + DEBITS_PENDING);
  const userData = new Uint32Array(8);
  for (let word = 0; word < 7; word++) userData[word] = accounts.userDataWord(row, word);
  const view = new DataView(userData.buffer);
  return {
    id: idOf(accounts, row),
    asset: accounts.asset(row),
    code: accounts.code(row),
    flags: accountFlagsFromBits(accounts.flags(row)),
    debitsPosted,
    creditsPosted,
    debitsPending,
    creditsPending: accounts.sums.read(cell + CREDITS_PENDING),
    available: creditsPosted - debitsPosted - debitsPending,
    userData128: readUint128(view, 0),
    userData64: view.getBigUint64(16, true),
    userData32: view.getUint32(24, true),
    createdAtMs: accounts.createdAtMs(row),
  };
}

const STATES: Readonly<Record<number, keyof typeof HOLD_STATE>> = {
  [HOLD_STATE.pending]: 'pending',
  [HOLD_STATE.posted]: 'posted',
  [HOLD_STATE.voided]: 'voided',
  [HOLD_STATE.expired]: 'expired',
};

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
    timeoutSeconds: holds.timeoutSeconds(row),
    expiresAtMs: holds.expiresAtMs(row),
  };
}
