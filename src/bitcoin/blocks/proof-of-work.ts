import type { BlockHeader } from './block-header.ts';

/** Blocks between two adjustments of the target, and the time they should take. */
export const RETARGET_INTERVAL = 2016;
const RETARGET_SECONDS = 14n * 24n * 60n * 60n;

/**
 * The target behind the compact form (arith_uint256::SetCompact of Bitcoin Core): a hash at or below it has the
 * work. `undefined` for a form that is negative, zero, or larger than 256 bits.
 */
export function targetOfBits(bits: number): bigint | undefined {
  const exponent = bits >>> 24;
  const mantissa = BigInt(bits & 0x007f_ffff);
  const target =
    exponent <= 3 ? mantissa >> BigInt(8 * (3 - exponent)) : mantissa << BigInt(8 * (exponent - 3));
  const negative = mantissa !== 0n && (bits & 0x0080_0000) !== 0;
  return negative || target === 0n || target >= 1n << 256n ? undefined : target;
}

/** The compact form of a target (arith_uint256::GetCompact). */
export function bitsOfTarget(target: bigint): number {
  const hex = target.toString(16);
  let exponent = Math.ceil(hex.length / 2);
  let mantissa = Number(
    exponent <= 3 ? target << BigInt(8 * (3 - exponent)) : target >> BigInt(8 * (exponent - 3)),
  );
  // The highest bit of the mantissa means a minus sign.
  if (mantissa >= 0x0080_0000) {
    mantissa >>>= 8;
    exponent++;
  }
  return ((exponent << 24) | mantissa) >>> 0;
}

/** Expected number of hashes to find such a block: what chains are compared by. 0 for a malformed form. */
export function workOfBits(bits: number): bigint {
  const target = targetOfBits(bits);
  return target === undefined ? 0n : (1n << 256n) / (target + 1n);
}

/** Whether the hash of the header is at or below its own target, and that target no easier than `limit`. */
export function hasProofOfWork(header: BlockHeader, limit: bigint): boolean {
  const target = targetOfBits(header.bits);
  return target !== undefined && target <= limit && BigInt(`0x${header.hash}`) <= target;
}

/**
 * The compact target of the block after a period of 2016 (CalculateNextWorkRequired): the last block's, scaled by
 * the time the period took, at most by four.
 */
export function retargetedBits(
  firstTime: number,
  last: { time: number; bits: number },
  limit: bigint,
): number {
  const taken = BigInt(last.time) - BigInt(firstTime);
  const least = RETARGET_SECONDS / 4n;
  const most = RETARGET_SECONDS * 4n;
  const clamped = taken < least ? least : taken > most ? most : taken;
  const scaled = ((targetOfBits(last.bits) ?? 0n) * clamped) / RETARGET_SECONDS;
  return bitsOfTarget(scaled > limit ? limit : scaled);
}
