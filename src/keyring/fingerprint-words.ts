import { wordlist } from '@scure/bip39/wordlists/english.js';

const WORDS = 12;
const BITS_PER_WORD = 11;

/**
 * The first 132 bits of a fingerprint as twelve words, to be compared aloud. The words are BIP39's, because they are
 * chosen to be told apart by ear; they are public and no seed.
 * @param fingerprint hex, 33 digits or more.
 */
export function fingerprintWords(fingerprint: string): string {
  const bits = BigInt(`0x${fingerprint.slice(0, (WORDS * BITS_PER_WORD) / 4)}`);
  const words = Array.from({ length: WORDS }, (_, position) => {
    const index = Number((bits >> BigInt((WORDS - 1 - position) * BITS_PER_WORD)) & 0x7ffn);
    return wordlist[index] ?? '';
  });
  return words.join(' ');
}
