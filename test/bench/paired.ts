/** One side of a comparison. `run` does `operations` units of work and is timed as a whole. */
export interface Contender {
  readonly name: string;
  /** Returns how many operations it did. */
  readonly run: () => number | Promise<number>;
}

export interface Comparison {
  readonly name: string;
  /** What one operation is, in the plural: "addresses", "transfers". */
  readonly unit: string;
  readonly baseline: Contender;
  readonly ours: Contender;
  /** Rounds of baseline, ours, baseline, ours … (default 5), after one unmeasured round of each. */
  readonly rounds?: number;
}

export interface ComparisonResult {
  readonly name: string;
  readonly unit: string;
  readonly baselinePerSecond: number;
  readonly oursPerSecond: number;
  /** Median over rounds of ours ÷ baseline, each pair measured back to back. */
  readonly ratio: number;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

async function perSecond(contender: Contender): Promise<number> {
  const startedAt = process.hrtime.bigint();
  const operations = await contender.run();
  return (operations * 1e9) / Number(process.hrtime.bigint() - startedAt);
}

/** Measures both sides alternately in one process, so that a noisy machine disturbs both alike. */
export async function compare(comparison: Comparison): Promise<ComparisonResult> {
  const { baseline, ours, rounds = 5 } = comparison;
  await perSecond(baseline);
  await perSecond(ours);
  const pairs: { baseline: number; ours: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    pairs.push({ baseline: await perSecond(baseline), ours: await perSecond(ours) });
  }
  return {
    name: comparison.name,
    unit: comparison.unit,
    baselinePerSecond: median(pairs.map((pair) => pair.baseline)),
    oursPerSecond: median(pairs.map((pair) => pair.ours)),
    ratio: median(pairs.map((pair) => pair.ours / pair.baseline)),
  };
}

function rate(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** One line: `name: 12,345 unit/s, 5.1 times baseline (2,420 unit/s)`. */
export function resultLine(comparison: Comparison, result: ComparisonResult): string {
  return (
    `${result.name}: ${comparison.ours.name} ${rate(result.oursPerSecond)} ${result.unit}/s, ` +
    `${result.ratio.toFixed(2)} times ${comparison.baseline.name} (${rate(result.baselinePerSecond)} ${result.unit}/s)`
  );
}
