// Runs every `*.bench.ts` of this folder (or those whose name contains an argument). A bench file has a
// default export: a function that returns its comparisons and, when it holds resources, closes them.
import { readdir } from 'node:fs/promises';
import { compare, resultLine, type Comparison } from './paired.ts';

export interface Bench {
  readonly comparisons: readonly Comparison[];
  readonly close?: () => Promise<void>;
}

const wanted = process.argv.slice(2);
const files = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.bench.ts')).sort();
for (const file of files) {
  if (wanted.length > 0 && !wanted.some((part) => file.includes(part))) continue;
  process.stdout.write(`\n${file}\n`);
  const module = (await import(`./${file}`)) as { default: () => Bench | Promise<Bench> };
  const bench = await module.default();
  try {
    for (const comparison of bench.comparisons) {
      process.stdout.write(`  ${resultLine(comparison, await compare(comparison))}\n`);
    }
  } finally {
    await bench.close?.();
  }
}
