import {
  CHECKPOINT_ACCOUNT_BYTES,
  CHECKPOINT_HEADER_BYTES,
  CHECKPOINT_HOLD_BYTES,
  ID_FUTURE_TOLERANCE_MS,
  sealCheckpoint,
  type CheckpointHeader,
} from '../format/index.ts';
import { DEBITS_PENDING, CREDITS_PENDING, type AccountTable } from './account-table.ts';
import { LedgerEngineError } from './errors.ts';
import { HOLD_STATE, type HoldTable } from './hold-table.ts';
import { alignedWordsOf, isZeroId } from './record-words.ts';

const ACCOUNT_WORDS = CHECKPOINT_ACCOUNT_BYTES / 4;
const HOLD_WORDS = CHECKPOINT_HOLD_BYTES / 4;

/** Accounts in the order of creation, kept holds in that of resolution, open holds in that of creation. */
export function writeContent(accounts: AccountTable, holds: HoldTable, headerBytes: number): Uint8Array {
  const rows = holds.ordered();
  const words = new Uint32Array(headerBytes / 4 + accounts.count * ACCOUNT_WORDS + rows.length * HOLD_WORDS);
  let at = headerBytes / 4;
  for (let row = 0; row < accounts.count; row++, at += ACCOUNT_WORDS) accounts.writeItem(row, words, at);
  for (const row of rows) {
    holds.writeItem(row, words, at);
    accounts.copyId(holds.debitRow(row), words, at + 4);
    accounts.copyId(holds.creditRow(row), words, at + 8);
    at += HOLD_WORDS;
  }
  return new Uint8Array(words.buffer);
}

export function writeCheckpoint(
  accounts: AccountTable,
  holds: HoldTable,
  header: Omit<CheckpointHeader, 'accounts' | 'holds'>,
): Uint8Array {
  const bytes = writeContent(accounts, holds, CHECKPOINT_HEADER_BYTES);
  const accountBytes = accounts.count * CHECKPOINT_ACCOUNT_BYTES;
  const holdCount = (bytes.byteLength - CHECKPOINT_HEADER_BYTES - accountBytes) / CHECKPOINT_HOLD_BYTES;
  sealCheckpoint({ ...header, accounts: accounts.count, holds: holdCount }, bytes);
  return bytes;
}

/**
 * Fills empty tables from a checkpoint whose hashes are verified.
 * @throws LedgerEngineError `engine_checkpoint_malformed` when the books in it do not fit together: an id twice,
 * a hold without its accounts, pending sums that are not those of the open holds, an asset that does not add up.
 */
export function readContent(
  bytes: Uint8Array,
  header: CheckpointHeader,
  accounts: AccountTable,
  holds: HoldTable,
): void {
  const words = alignedWordsOf(bytes.subarray(CHECKPOINT_HEADER_BYTES));
  let at = 0;
  for (let row = 0; row < header.accounts; row++, at += ACCOUNT_WORDS) {
    if (isZeroId(words, at) || accounts.find(words, at) >= 0) throw malformed('account id');
    accounts.addItem(words, at);
  }
  for (let hold = 0; hold < header.holds; hold++, at += HOLD_WORDS) {
    const debit = accounts.find(words, at + 4);
    const credit = accounts.find(words, at + 8);
    if (debit < 0 || credit < 0 || holds.find(words, at) >= 0) throw malformed('hold id');
    const state = (words[at + 22] as number) >>> 16;
    if (state < HOLD_STATE.pending || state > HOLD_STATE.expired) throw malformed('hold state');
    holds.addItem(words, at, debit, credit);
  }
  checkSums(accounts, holds);
  if (header.usedIdsBeforeMs > header.timeMs + ID_FUTURE_TOLERANCE_MS + 1) throw malformed('id time');
}

function checkSums(accounts: AccountTable, holds: HoldTable): void {
  const held = new Map<number, bigint>();
  const add = (cell: number, amount: bigint): void => {
    held.set(cell, (held.get(cell) ?? 0n) + amount);
  };
  for (const row of holds.ordered()) {
    if (holds.state(row) !== HOLD_STATE.pending) continue;
    const amount = holds.amounts.read(holds.cell(row));
    add(accounts.cell(holds.debitRow(row)) + DEBITS_PENDING, amount);
    add(accounts.cell(holds.creditRow(row)) + CREDITS_PENDING, amount);
  }
  const balances = new Map<number, bigint>();
  for (let row = 0; row < accounts.count; row++) {
    const cell = accounts.cell(row);
    for (const sum of [cell + DEBITS_PENDING, cell + CREDITS_PENDING]) {
      if (accounts.sums.read(sum) !== (held.get(sum) ?? 0n)) throw malformed('pending sums');
    }
    const balance = accounts.postedBalance(row);
    balances.set(accounts.asset(row), (balances.get(accounts.asset(row)) ?? 0n) + balance);
  }
  for (const balance of balances.values()) if (balance !== 0n) throw malformed('posted sums');
}

function malformed(reason: string): LedgerEngineError {
  return new LedgerEngineError(
    'engine_checkpoint_malformed',
    'The books in this checkpoint do not fit together.',
    {
      details: { reason },
    },
  );
}
