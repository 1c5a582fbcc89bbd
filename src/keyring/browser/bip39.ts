import { wordlist } from '@scure/bip39/wordlists/english.js';
import { KeyringError } from '../errors.ts';
import { bytesOf, concatBytes, randomBytes, sha256, utf8, type Bytes } from './bytes.ts';

const ENTROPY_BYTES = 32;
const SEED_BITS = 512;
const ROUNDS = 2_048;
const BITS_PER_WORD = 11;
const WORDS = 24;

/** Fresh entropy for one account key: 32 bytes, the caller zeroes them. This, not the seed, is what gets sealed. */
export function newKeyEntropy(): Bytes {
  return randomBytes(ENTROPY_BYTES);
}

/** The English sentence as bytes: strings cannot be zeroed. */
async function sentenceOf(entropy: Bytes): Promise<Bytes> {
  const bits = concatBytes(entropy, (await sha256(entropy)).subarray(0, 1));
  const words: Bytes[] = [];
  for (let word = 0; word < WORDS; word++) {
    let index = 0;
    for (let bit = word * BITS_PER_WORD; bit < (word + 1) * BITS_PER_WORD; bit++) {
      index = (index << 1) | (((bits[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    }
    words.push(utf8(`${word > 0 ? ' ' : ''}${wordlist[index] ?? ''}`));
  }
  bits.fill(0);
  const sentence = concatBytes(...words);
  for (const word of words) word.fill(0);
  return sentence;
}

/**
 * The 64-byte seed of entropy's 24 English words, with no passphrase (BIP39), by the platform's own PBKDF2: any BIP39
 * wallet restores the same key from the words. The caller zeroes it. @throws KeyringError `secret_invalid`.
 */
export async function seedOfKeyEntropy(entropy: Uint8Array): Promise<Bytes> {
  if (entropy.length !== ENTROPY_BYTES) {
    throw new KeyringError('secret_invalid', 'The entropy of an account key has 32 bytes.');
  }
  const copy = bytesOf(entropy);
  const sentence = await sentenceOf(copy);
  try {
    const base = await crypto.subtle.importKey('raw', sentence, 'PBKDF2', false, ['deriveBits']);
    const how = { name: 'PBKDF2', hash: 'SHA-512', salt: utf8('mnemonic'), iterations: ROUNDS };
    return bytesOf(await crypto.subtle.deriveBits(how, base, SEED_BITS));
  } finally {
    sentence.fill(0);
    copy.fill(0);
  }
}
