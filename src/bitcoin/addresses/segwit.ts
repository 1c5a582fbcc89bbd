const CHARACTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
const BECH32 = 1;
const BECH32M = 0x2bc830a3;
/** BIP173: with more characters the checksum no longer finds every four errors. */
const MAX_LENGTH = 90;

/** The generators that each value of the five top bits selects, combined. */
const FEEDBACK = Int32Array.from({ length: 32 }, (_, top) =>
  GENERATOR.reduce((mask, generator, bit) => mask ^ ((top >> bit) & 1 ? generator : 0), 0),
);

function feed(state: number, value: number): number {
  return ((state & 0x1ffffff) << 5) ^ value ^ (FEEDBACK[state >>> 25] ?? 0);
}

function feedPrefix(prefix: string): number {
  let state = 1;
  for (let i = 0; i < prefix.length; i++) state = feed(state, prefix.charCodeAt(i) >> 5);
  state = feed(state, 0);
  for (let i = 0; i < prefix.length; i++) state = feed(state, prefix.charCodeAt(i) & 31);
  return state;
}

/** The checksum state after a prefix; there are three prefixes. */
const prefixStates = new Map<string, number>();

function prefixState(prefix: string): number {
  let state = prefixStates.get(prefix);
  if (state === undefined) {
    state = feedPrefix(prefix);
    prefixStates.set(prefix, state);
  }
  return state;
}

/** Encodes a witness program: bech32 for version 0 (BIP173), bech32m above (BIP350). Lower case. */
export function encodeSegwit(prefix: string, version: number, program: Uint8Array): string {
  let state = feed(prefixState(prefix), version);
  let text = `${prefix}1${CHARACTERS.charAt(version)}`;
  let buffer = 0;
  let bits = 0;
  for (const byte of program) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      const value = (buffer >> bits) & 31;
      state = feed(state, value);
      text += CHARACTERS.charAt(value);
    }
  }
  if (bits > 0) {
    const value = (buffer << (5 - bits)) & 31;
    state = feed(state, value);
    text += CHARACTERS.charAt(value);
  }
  for (let i = 0; i < 6; i++) state = feed(state, 0);
  state ^= version === 0 ? BECH32 : BECH32M;
  for (let i = 5; i >= 0; i--) text += CHARACTERS.charAt((state >>> (5 * i)) & 31);
  return text;
}

export type SegwitDecoding =
  | { readonly prefix: string; readonly version: number; readonly program: Uint8Array }
  | 'malformed'
  | 'mixed_case'
  | 'checksum_mismatch'
  | 'program_invalid';

function toBytes(values: readonly number[]): Uint8Array | undefined {
  const bytes = new Uint8Array((values.length * 5) >> 3);
  let buffer = 0;
  let bits = 0;
  let length = 0;
  for (const value of values) {
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (buffer >> bits) & 0xff;
    }
  }
  const padding = buffer & ((1 << bits) - 1);
  return bits >= 5 || padding !== 0 ? undefined : bytes;
}

/** Decodes any segwit address of BIP173 and BIP350, known versions or not, or says what is wrong with it. */
export function decodeSegwit(address: string): SegwitDecoding {
  const text = address.toLowerCase();
  if (address !== text && address !== address.toUpperCase()) return 'mixed_case';
  const separator = text.lastIndexOf('1');
  if (text.length > MAX_LENGTH || separator < 1 || separator + 8 > text.length) return 'malformed';
  const prefix = text.slice(0, separator);
  if (!/^[\x21-\x7e]+$/.test(prefix)) return 'malformed';
  const values = Array.from(text.slice(separator + 1), (character) => CHARACTERS.indexOf(character));
  if (values.includes(-1)) return 'malformed';
  const version = values[0] ?? 0;
  if (version > 16) return 'malformed';
  const state = values.reduce(feed, feedPrefix(prefix));
  if (state !== (version === 0 ? BECH32 : BECH32M)) return 'checksum_mismatch';
  const program = toBytes(values.slice(1, -6));
  if (program === undefined || program.length < 2 || program.length > 40) return 'program_invalid';
  if (version === 0 && program.length !== 20 && program.length !== 32) return 'program_invalid';
  return { prefix, version, program };
}
