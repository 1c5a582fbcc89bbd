import { BitcoinError } from '../errors.ts';

// BIP380: a BCH code over symbols of five bits, with the characters in three groups of 32.
const CHARACTERS =
  '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ ';
const CHECKSUM_CHARACTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn] as const;
const CHECKSUM_LENGTH = 8;

function feed(state: bigint, symbol: number): bigint {
  const top = state >> 35n;
  let next = ((state & 0x7ffffffffn) << 5n) ^ BigInt(symbol);
  GENERATOR.forEach((generator, bit) => {
    if (((top >> BigInt(bit)) & 1n) === 1n) next ^= generator;
  });
  return next;
}

function symbolsOf(text: string): number[] {
  const symbols: number[] = [];
  let groups: number[] = [];
  for (const character of text) {
    const position = CHARACTERS.indexOf(character);
    if (position < 0) {
      throw new BitcoinError(
        'descriptor_character_invalid',
        'The descriptor holds a character that descriptors never use.',
        { details: { position: symbols.length - Math.floor(symbols.length / 4) } },
      );
    }
    symbols.push(position & 31);
    groups.push(position >> 5);
    if (groups.length === 3) {
      symbols.push(groups.reduce((sum, group) => sum * 3 + group, 0));
      groups = [];
    }
  }
  if (groups.length > 0) symbols.push(groups.reduce((sum, group) => sum * 3 + group, 0));
  return symbols;
}

/** The eight characters that follow `#`. @throws BitcoinError `descriptor_character_invalid`. */
export function descriptorChecksum(body: string): string {
  const symbols = [...symbolsOf(body), ...new Array<number>(CHECKSUM_LENGTH).fill(0)];
  const state = symbols.reduce(feed, 1n) ^ 1n;
  let text = '';
  for (let i = CHECKSUM_LENGTH - 1; i >= 0; i--) {
    text += CHECKSUM_CHARACTERS.charAt(Number((state >> BigInt(5 * i)) & 31n));
  }
  return text;
}

export function addDescriptorChecksum(body: string): string {
  return `${body}#${descriptorChecksum(body)}`;
}

/**
 * Takes the checksum off after checking it. It is required: a pinned descriptor with one character wrong loses
 * coins. @throws BitcoinError `descriptor_checksum_missing`, `descriptor_checksum_malformed`,
 * `descriptor_checksum_mismatch`, `descriptor_character_invalid`.
 */
export function removeDescriptorChecksum(text: string): string {
  const separator = text.indexOf('#');
  if (separator < 0) {
    throw new BitcoinError('descriptor_checksum_missing', 'The descriptor has no checksum.');
  }
  const body = text.slice(0, separator);
  const checksum = text.slice(separator + 1);
  const expected = descriptorChecksum(body);
  if (checksum.length !== CHECKSUM_LENGTH) {
    throw new BitcoinError('descriptor_checksum_malformed', 'A descriptor checksum has eight characters.', {
      details: { characters: checksum.length },
    });
  }
  // The right checksum is not told: whoever mistyped the descriptor would copy it.
  if (checksum !== expected) {
    throw new BitcoinError('descriptor_checksum_mismatch', 'The descriptor and its checksum do not match.');
  }
  return body;
}
