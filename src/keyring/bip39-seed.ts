import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { KeyringError } from './errors.ts';

/** 24 words. */
export const ENTROPY_BYTES = 32;
const SEED_BYTES = 64;
const ROUNDS = 2_048;
const BITS_PER_WORD = 11;

/** Fresh entropy for one account key: 32 bytes, the caller zeroes them. This, not the seed, is what gets wrapped. */
export function newEntropy(): Buffer {
  return randomBytes(ENTROPY_BYTES);
}

/** The English sentence as UTF-8 bytes: strings cannot be zeroed. */
function sentenceOf(entropy: Buffer): Buffer {
  const bits = Buffer.concat([entropy, createHash('sha256').update(entropy).digest().subarray(0, 1)]);
  const words = (entropy.length * 8 * 33) / 32 / BITS_PER_WORD;
  const sentence = Buffer.alloc(words * 9);
  let end = 0;
  for (let word = 0; word < words; word++) {
    let index = 0;
    for (let bit = word * BITS_PER_WORD; bit < (word + 1) * BITS_PER_WORD; bit++) {
      index = (index << 1) | (((bits[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    }
    if (word > 0) end += sentence.write(' ', end);
    end += sentence.write(wordlist[index] ?? '', end);
  }
  bits.fill(0);
  return sentence.subarray(0, end);
}

/**
 * The 64-byte seed of entropy's 24 English words, with no passphrase (BIP39), made without ever holding the words
 * in a string. Any BIP39 wallet restores the same key from the words. The caller zeroes the seed.
 * @throws KeyringError `secret_invalid` unless it is 32 bytes.
 */
export function seedOfEntropy(entropy: Buffer): Buffer {
  if (entropy.length !== ENTROPY_BYTES) {
    throw new KeyringError('secret_invalid', 'The entropy of an account key has 32 bytes.');
  }
  const sentence = sentenceOf(entropy);
  try {
    return pbkdf2Sync(sentence, 'mnemonic', ROUNDS, SEED_BYTES, 'sha512');
  } finally {
    sentence.fill(0);
  }
}

/** The name of an account key everywhere: the first 16 bytes of the SHA-256 of its xpub's text, hex. */
export function keyIdOf(xpub: string): string {
  return createHash('sha256').update(xpub).digest('hex').slice(0, 32);
}
