import {
  checkUint,
  readId,
  readUint128,
  viewOf,
  writeId,
  writeUint128,
  MAX_UINT128,
  type LedgerId,
} from './bytes.ts';
import {
  ACCOUNT_FLAG,
  OUTCOME,
  OUTCOME_MASK,
  OUTCOME_NOTE,
  RECORD_BYTES,
  RECORD_FLAG,
  RECORD_KIND,
  RECORD_OFFSET as AT,
  type Outcome,
  type RecordKind,
} from './record-layout.ts';

/** In a post: all of the hold. In a balancing transfer: no upper bound. */
export const AMOUNT_ALL = MAX_UINT128;

export type RecordFlags = { readonly [Flag in keyof typeof RECORD_FLAG]?: boolean };
export type AccountFlags = { readonly [Flag in keyof typeof ACCOUNT_FLAG]?: boolean };

/** What a client may attach to anything, at its own discretion; the ledger only stores and compares it. */
export interface UserData {
  /** By convention the id of the entity behind the record. */
  readonly userData128?: bigint;
  readonly userData64?: bigint;
  readonly userData32?: number;
}

export interface TransferCommand extends UserData {
  readonly kind: 'transfer';
  readonly id: LedgerId;
  /** Post and void only: the hold to resolve. */
  readonly pendingId?: LedgerId;
  /** A post or void may leave out accounts, asset and code: it takes those of its hold. */
  readonly debitAccountId?: LedgerId;
  readonly creditAccountId?: LedgerId;
  /** Left out in a void. In a post at most the hold's, or AMOUNT_ALL. */
  readonly amount?: bigint;
  readonly asset?: number;
  readonly code?: number;
  readonly timeoutSeconds?: number;
  readonly flags?: Omit<RecordFlags, 'mustChange'>;
}

export interface AccountCommand extends UserData {
  readonly kind: 'account';
  readonly id: LedgerId;
  readonly asset: number;
  readonly code: number;
  readonly accountFlags?: Omit<AccountFlags, 'closed'>;
  readonly flags?: Pick<RecordFlags, 'linked'>;
}

export interface AccountFlagsCommand extends UserData {
  readonly kind: 'accountFlags';
  readonly id: LedgerId;
  readonly accountId: LedgerId;
  readonly set?: Pick<AccountFlags, 'frozen' | 'closed'>;
  readonly clear?: Pick<AccountFlags, 'frozen' | 'closed'>;
  /** Why, in the caller's numbering. */
  readonly code: number;
  readonly flags?: Pick<RecordFlags, 'linked' | 'mustChange'>;
}

/** What clients may ask for. */
export type LedgerCommand = TransferCommand | AccountCommand | AccountFlagsCommand;

/** A record as it stands in the log, every field read. Ids are numbers, big end first. */
export interface LedgerRecord {
  readonly kind: RecordKind | 'unknown';
  readonly id: LedgerId;
  readonly pendingId: LedgerId;
  readonly debitAccountId: LedgerId;
  readonly creditAccountId: LedgerId;
  readonly amount: bigint;
  readonly userData128: bigint;
  readonly userData64: bigint;
  readonly userData32: number;
  readonly timeoutSeconds: number;
  readonly asset: number;
  readonly code: number;
  readonly flags: number;
  readonly marks: number;
  readonly outcome: Outcome;
  readonly wholeHold: boolean;
  readonly result: number;
}

const OUTCOME_NAMES: readonly Outcome[] = ['none', 'applied', 'rejected', 'repeated', 'refused'];
const KIND_NAMES: readonly (RecordKind | 'unknown')[] = [
  'unknown',
  'transfer',
  'account',
  'accountFlags',
  'clock',
  'expiry',
];

function bitsOf<Name extends string>(
  table: Readonly<Record<Name, number>>,
  wanted: { readonly [N in Name]?: boolean } | undefined,
): number {
  let bits = 0;
  for (const name of Object.keys(table) as Name[]) if (wanted?.[name] === true) bits |= table[name];
  return bits;
}

/** The names of the account flags that are set in `bits`, as an object with every flag. */
export function accountFlagsFromBits(bits: number): Required<AccountFlags> {
  return {
    debitsMustNotExceedCredits: (bits & ACCOUNT_FLAG.debitsMustNotExceedCredits) !== 0,
    creditsMustNotExceedDebits: (bits & ACCOUNT_FLAG.creditsMustNotExceedDebits) !== 0,
    frozen: (bits & ACCOUNT_FLAG.frozen) !== 0,
    closed: (bits & ACCOUNT_FLAG.closed) !== 0,
  };
}

function putId(view: DataView, offset: number, id: LedgerId | undefined, field: string): void {
  if (id === undefined) return;
  checkUint(id, 128, field);
  writeId(view, offset, id);
}

function putUserData(view: DataView, at: number, command: UserData): void {
  const { userData128 = 0n, userData64 = 0n, userData32 = 0 } = command;
  checkUint(userData128, 128, 'userData128');
  checkUint(userData64, 64, 'userData64');
  checkUint(userData32, 32, 'userData32');
  writeUint128(view, at + AT.userData128, userData128);
  view.setBigUint64(at + AT.userData64, userData64, true);
  view.setUint32(at + AT.userData32, userData32, true);
}

function putTransfer(view: DataView, at: number, command: TransferCommand): void {
  const { amount = 0n, timeoutSeconds = 0 } = command;
  checkUint(amount, 128, 'amount');
  checkUint(timeoutSeconds, 32, 'timeoutSeconds');
  putId(view, at + AT.pendingId, command.pendingId, 'pendingId');
  putId(view, at + AT.debitAccountId, command.debitAccountId, 'debitAccountId');
  putId(view, at + AT.creditAccountId, command.creditAccountId, 'creditAccountId');
  writeUint128(view, at + AT.amount, amount);
  view.setUint32(at + AT.timeoutSeconds, timeoutSeconds, true);
}

/**
 * Writes one command as the 128 bytes at `offset` of `into`; marks, outcome and result are left zero.
 * @throws LedgerFormatError `value_out_of_range` for a value that its field cannot hold. Whether the command
 * makes sense is for the engine to say, with a result code.
 */
export function encodeCommand(command: LedgerCommand, into: Uint8Array, offset = 0): void {
  const view = viewOf(into.subarray(offset, offset + RECORD_BYTES));
  new Uint8Array(view.buffer, view.byteOffset, RECORD_BYTES).fill(0);
  putId(view, AT.id, command.id, 'id');
  putUserData(view, 0, command);
  if (command.kind === 'transfer') {
    putTransfer(view, 0, command);
  } else if (command.kind === 'account') {
    view.setUint16(AT.accountFlagsSet, bitsOf(ACCOUNT_FLAG, command.accountFlags), true);
  } else {
    putId(view, AT.debitAccountId, command.accountId, 'accountId');
    view.setUint16(AT.accountFlagsSet, bitsOf(ACCOUNT_FLAG, command.set), true);
    view.setUint16(AT.accountFlagsClear, bitsOf(ACCOUNT_FLAG, command.clear), true);
  }
  const asset = command.kind === 'accountFlags' ? 0 : (command.asset ?? 0);
  const code = command.code ?? 0;
  checkUint(asset, 32, 'asset');
  checkUint(code, 16, 'code');
  view.setUint32(AT.asset, asset, true);
  view.setUint16(AT.code, code, true);
  view.setUint16(AT.flags, bitsOf(RECORD_FLAG, command.flags), true);
  view.setUint8(AT.kind, RECORD_KIND[command.kind]);
}

/** The commands one after the other, 128 bytes each. @throws as `encodeCommand`. */
export function encodeCommands(commands: readonly LedgerCommand[]): Uint8Array {
  const bytes = new Uint8Array(commands.length * RECORD_BYTES);
  commands.forEach((command, index) => encodeCommand(command, bytes, index * RECORD_BYTES));
  return bytes;
}

/** Reads the record at `offset`. Never throws: the engine judges what stands in it. */
export function decodeRecord(bytes: Uint8Array, offset = 0): LedgerRecord {
  const view = viewOf(bytes.subarray(offset, offset + RECORD_BYTES));
  const outcome = view.getUint8(AT.outcome);
  return {
    kind: KIND_NAMES[view.getUint8(AT.kind)] ?? 'unknown',
    id: readId(view, AT.id),
    pendingId: readId(view, AT.pendingId),
    debitAccountId: readId(view, AT.debitAccountId),
    creditAccountId: readId(view, AT.creditAccountId),
    amount: readUint128(view, AT.amount),
    userData128: readUint128(view, AT.userData128),
    userData64: view.getBigUint64(AT.userData64, true),
    userData32: view.getUint32(AT.userData32, true),
    timeoutSeconds: view.getUint32(AT.timeoutSeconds, true),
    asset: view.getUint32(AT.asset, true),
    code: view.getUint16(AT.code, true),
    flags: view.getUint16(AT.flags, true),
    marks: view.getUint8(AT.marks),
    outcome: OUTCOME_NAMES[outcome & OUTCOME_MASK] ?? 'none',
    wholeHold: (outcome & OUTCOME_NOTE.wholeHold) !== 0,
    result: view.getUint16(AT.result, true),
  };
}

/** Whether this record, as logged, is the one its id is known by: look-ups by id index these and no others. */
export function usesUpItsId(bytes: Uint8Array, offset = 0): boolean {
  const kind = bytes[offset + AT.kind];
  const outcome = (bytes[offset + AT.outcome] ?? 0) & OUTCOME_MASK;
  return (
    (kind === RECORD_KIND.transfer || kind === RECORD_KIND.accountFlags) &&
    (outcome === OUTCOME.applied || outcome === OUTCOME.rejected)
  );
}
