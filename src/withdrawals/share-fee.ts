/**
 * What each withdrawal of one transaction bears of its fee: in proportion to the caps that were approved, so that
 * nobody bears more than their cap. The shares add up to the fee.
 * @param caps in satoshis; together at least the fee.
 */
export function shareFee(fee: bigint, caps: readonly bigint[]): readonly bigint[] {
  const total = caps.reduce((sum, cap) => sum + cap, 0n);
  if (fee > total) throw new RangeError('a fee beyond what was approved');
  const shares = caps.map((cap) => (total === 0n ? 0n : (fee * cap) / total));
  let rest = fee - shares.reduce((sum, share) => sum + share, 0n);
  return shares.map((share, index) => {
    if (rest === 0n || share >= (caps[index] ?? 0n)) return share;
    rest -= 1n;
    return share + 1n;
  });
}
