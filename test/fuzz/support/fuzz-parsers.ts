import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isDomainError } from '../../../src/shared/index.ts';
import { SeededRandom } from '../../ledger/simulation/world.ts';
import { PARSERS, type FuzzedParser } from './parsers.ts';

export interface FuzzReport {
  readonly cases: number;
  readonly accepted: number;
  readonly codes: ReadonlySet<string>;
  /** Bytes of the heap that are still held after all cases, above what was held before. */
  readonly kept: number;
}

/** What is alive, and nothing else. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

/** A closed error, with a code and in words: nothing that the language itself throws. */
async function one(parser: FuzzedParser, seed: number, codes: Set<string>): Promise<boolean> {
  try {
    await parser.read(new SeededRandom(seed));
    return true;
  } catch (thrown) {
    if (!isDomainError(thrown) || !/^[a-z][a-z0-9_]+$/.test(thrown.code) || thrown.message === '') {
      throw new Error(`${parser.name}: seed ${seed}`, { cause: thrown });
    }
    codes.add(thrown.code);
    return false;
  }
}

/** Reads spoilt documents of every kind. Names the parser and seed of the one that ends otherwise than refused. */
export async function fuzzParsers(first: number, perShare: number): Promise<FuzzReport> {
  const codes = new Set<string>();
  let [cases, accepted] = [0, 0];
  for (const parser of PARSERS) await one(parser, first, codes);
  const before = heapInUse();
  for (const parser of PARSERS) {
    const end = first + Math.ceil(perShare * parser.share);
    for (let seed = first; seed < end; seed++, cases++) if (await one(parser, seed, codes)) accepted++;
  }
  return { cases, accepted, codes, kept: heapInUse() - before };
}
