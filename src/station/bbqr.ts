import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { base32nopad } from '@scure/base';
import { StationError } from './errors.ts';

/** `P` a PSBT, `J` JSON. */
export type BbqrType = 'P' | 'J';

const HEAD_CHARACTERS = 8;
/** A version 20 code at level L holds 1,249 characters of this alphabet: what the camera of a laptop still reads. */
const FRAME_CHARACTERS = 1_240;
/** Two digits of base 36. */
const MAX_FRAMES = 1_295;
/** What a receiver of the format must be able to decompress. */
const WINDOW_BITS = 10;
/** As much as a bundle file may have. */
const MAX_BYTES = 24 * 1024 * 1024;

function malformed(reason: string): StationError {
  return new StationError('frames_malformed', `These are not the frames of a BBQr code: ${reason}.`, {
    details: { reason },
  });
}

const twoDigits = (value: number): string => value.toString(36).toUpperCase().padStart(2, '0');

/**
 * Bytes as the texts of QR codes, a line each, in any order of display. Source: BBQr (github.com/coinkite/BBQr),
 * encodings Z (raw deflate) and 2 (base 32). @throws StationError `frames_malformed` when it is too much for them.
 */
export function encodeFrames(bytes: Uint8Array, type: BbqrType): string[] {
  const packed = deflateRawSync(bytes, { windowBits: WINDOW_BITS, level: 9 });
  const smaller = packed.length < bytes.length;
  const text = base32nopad.encode(smaller ? packed : bytes);
  // A frame holds whole bytes: eight characters are five of them.
  const perFrame = Math.floor((FRAME_CHARACTERS - HEAD_CHARACTERS) / 8) * 8;
  const count = Math.max(1, Math.ceil(text.length / perFrame));
  if (count > MAX_FRAMES) throw malformed('it takes more of them than there may be');
  return Array.from(
    { length: count },
    (_, at) =>
      `B$${smaller ? 'Z' : '2'}${type}${twoDigits(count)}${twoDigits(at)}${text.slice(at * perFrame, (at + 1) * perFrame)}`,
  );
}

function bodiesOf(frames: readonly string[]): { head: string; bodies: string[] } {
  const heads = new Set<string>();
  const byPlace = new Map<number, string>();
  for (const frame of frames) {
    const [, head, total, place, body] = /^B\$([HZ2][A-Z])([0-9A-Z]{2})([0-9A-Z]{2})(.+)$/.exec(frame) ?? [];
    if (head === undefined || total === undefined || place === undefined || body === undefined)
      throw malformed('a line is none');
    heads.add(head + total);
    const at = parseInt(place, 36);
    const known = byPlace.get(at);
    // A camera reads a code more than once, but never two codes in one place.
    if (known !== undefined && known !== body) throw malformed('two of them claim one place');
    byPlace.set(at, body);
  }
  const [first = '', ...others] = heads;
  if (others.length > 0) throw malformed('they belong to different codes');
  const count = parseInt(first.slice(2), 36);
  const bodies = Array.from({ length: count }, (_, at) => byPlace.get(at) ?? '');
  const missing = bodies.flatMap((body, at) => (body === '' ? [at + 1] : []));
  if (count === 0 || missing.length > 0 || byPlace.size !== count)
    throw malformed(`of ${count} are missing: ${missing.slice(0, 10).join(', ')}`);
  return { head: first.slice(0, 2), bodies };
}

/** The inverse, bounded in what it unpacks. @throws StationError `frames_malformed`. */
export function decodeFrames(frames: readonly string[]): { readonly type: string; readonly bytes: Buffer } {
  if (frames.length === 0 || frames.length > 2 * MAX_FRAMES) throw malformed('there are too few or too many');
  const { head, bodies } = bodiesOf(frames);
  const [encoding = '', type = ''] = head;
  const text = bodies.join('');
  try {
    if (encoding === 'H') return { type, bytes: Buffer.from(text, 'hex') };
    const bytes = Buffer.from(base32nopad.decode(text));
    if (encoding === '2') return { type, bytes };
    return { type, bytes: inflateRawSync(bytes, { maxOutputLength: MAX_BYTES }) };
  } catch {
    throw malformed('what they hold cannot be unpacked');
  }
}
