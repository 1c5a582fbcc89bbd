import { RECORD_KIND, RESULT } from '../format/index.ts';
import type { IdWindow } from './id-window.ts';
import { checkForm } from './record-form.ts';
import { alignedWordsOf, RECORD_WORDS, uuidTimeMs, WORD } from './record-words.ts';

/** What the index of the log said about old ids, by record number: the first record with that id, or null. */
export type OldIdRecords = ReadonlyMap<number, Uint8Array | null>;

/** Numbers of the records whose ids the window does not remember, though it may once have. */
export function oldIdsOf(words: Uint32Array, window: IdWindow): number[] {
  const old: number[] = [];
  const { forgottenTimeMs } = window;
  for (let r = 0; r < words.length; r += RECORD_WORDS) {
    const idTimeMs = uuidTimeMs(words, r + WORD.id);
    if (idTimeMs > forgottenTimeMs) continue;
    const kind = (words[r + WORD.state] as number) & 0xff;
    if (kind !== RECORD_KIND.transfer && kind !== RECORD_KIND.accountFlags) continue;
    if (checkForm(words, r) !== RESULT.ok || window.find(words, r + WORD.id, idTimeMs)) continue;
    old.push(r / RECORD_WORDS);
  }
  return old;
}

export function oldRecordsAsWords(records: OldIdRecords): Map<number, Uint32Array | null> {
  const words = new Map<number, Uint32Array | null>();
  for (const [index, record] of records) words.set(index, record === null ? null : alignedWordsOf(record));
  return words;
}
