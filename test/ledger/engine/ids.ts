/** Any moment will do, as long as ids and batches agree. */
export const START_MS = 1_800_000_000_000;

/** A UUIDv7 of `timeMs` whose random part is `number`. */
export function idAt(number: number | bigint, timeMs = START_MS): bigint {
  return (BigInt(timeMs) << 80n) | (7n << 76n) | (2n << 62n) | BigInt(number);
}
