import { OUTCOME, OUTCOME_MASK, RECORD_FLAG, RECORD_KIND } from '../format/index.ts';
import { copyId, RECORD_WORDS, WORD } from './record-words.ts';

const BALANCING = RECORD_FLAG.balancingDebit | RECORD_FLAG.balancingCredit;

/** A logged batch as it was before it was applied, as far as applying it again can tell. */
export function askedFor(logged: Uint32Array): Uint32Array {
  const words = logged.slice();
  for (let r = 0; r < words.length; r += RECORD_WORDS) {
    const state = words[r + WORD.state] as number;
    const wasApplied = ((state >>> 16) & OUTCOME_MASK) === OUTCOME.applied;
    if (wasApplied) openAgain(words, r, state & 0xff);
    words[r + WORD.state] = state & 0xffff;
    words[r + WORD.result] = 0;
  }
  return words;
}

/** Posts and voids may stay completed: naming what the hold says is asking for the same. */
function openAgain(words: Uint32Array, r: number, kind: number): void {
  if (kind === RECORD_KIND.expiry) {
    words.fill(0, r + WORD.debit, r + WORD.amount + 4);
    words[r + WORD.asset] = 0;
    words[r + WORD.codeFlags] = 0;
    return;
  }
  const flags = (words[r + WORD.codeFlags] as number) >>> 16;
  if (kind !== RECORD_KIND.transfer || (flags & BALANCING) === 0) return;
  copyId(words, r + WORD.pendingId, words, r + WORD.amount);
  words.fill(0, r + WORD.pendingId, r + WORD.pendingId + 4);
}

/** Number of the first record in which two batches of the same length differ, or -1. */
export function firstDifference(a: Uint32Array, b: Uint32Array): number {
  for (let word = 0; word < a.length; word++) {
    if (a[word] !== b[word]) return Math.floor(word / RECORD_WORDS);
  }
  return -1;
}
