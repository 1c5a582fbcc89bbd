import { readId, readSafeUint64, readUint128, viewOf, type LedgerId } from './bytes.ts';
import { accountFlagsFromBits, type AccountFlags } from './record-codec.ts';

/**
 * An account as it stands in checkpoints and in answers to look-ups, 128 bytes: id 0, debits posted 16, credits
 * posted 32, debits pending 48, credits pending 64 (128 bits each), user data 80, 96, 104, asset 108, code 112,
 * flags 114, flags at creation 116, zeros 118, time of creation 120.
 */
export const ACCOUNT_ITEM_OFFSET = {
  id: 0,
  debitsPosted: 16,
  creditsPosted: 32,
  debitsPending: 48,
  creditsPending: 64,
  userData128: 80,
  userData64: 96,
  userData32: 104,
  asset: 108,
  code: 112,
  flags: 114,
  createdFlags: 116,
  createdAtMs: 120,
} as const;

/** An account as of some batch. Sums are in the asset's smallest unit. */
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

/** Reads the item at `offset`; undefined when it says that there is no such account (all zero). */
export function decodeAccountItem(bytes: Uint8Array, offset = 0): AccountReading | undefined {
  const at = ACCOUNT_ITEM_OFFSET;
  const view = viewOf(bytes.subarray(offset, offset + 128));
  const id = readId(view, at.id);
  if (id === 0n) return undefined;
  const debitsPosted = readUint128(view, at.debitsPosted);
  const creditsPosted = readUint128(view, at.creditsPosted);
  const debitsPending = readUint128(view, at.debitsPending);
  return {
    id,
    asset: view.getUint32(at.asset, true),
    code: view.getUint16(at.code, true),
    flags: accountFlagsFromBits(view.getUint16(at.flags, true)),
    debitsPosted,
    creditsPosted,
    debitsPending,
    creditsPending: readUint128(view, at.creditsPending),
    available: creditsPosted - debitsPosted - debitsPending,
    userData128: readUint128(view, at.userData128),
    userData64: view.getBigUint64(at.userData64, true),
    userData32: view.getUint32(at.userData32, true),
    createdAtMs: readSafeUint64(view, at.createdAtMs),
  };
}
