import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { parse as parseUuid, stringify as formatUuid, v7 as uuidv7 } from 'uuid';
import { SharedError } from './errors.ts';

/**
 * Prefix of every kind of id. An id reads `<prefix>_<26 characters>`: a UUIDv7 (RFC 9562) in lower-case
 * Crockford base 32, so ids sort by time and hold no letter that is mistaken for another (the TypeID form).
 */
export const ID_PREFIXES = {
  customer: 'cus',
  staff: 'stf',
  integrator: 'itg',
  credential: 'crd',
  session: 'ses',
  apiKey: 'key',
  wallet: 'wal',
  address: 'adr',
  account: 'acc',
  deposit: 'dep',
  transfer: 'tr',
  withdrawal: 'wd',
  payout: 'pay',
  intent: 'int',
  approval: 'apr',
  comment: 'cmt',
  restriction: 'rst',
  evidence: 'evd',
  policy: 'pol',
  destination: 'dst',
  listing: 'lst',
  screeningHit: 'hit',
  event: 'evt',
  audit: 'aud',
  webhook: 'whk',
  delivery: 'dlv',
  notice: 'ntc',
  legalHold: 'lgl',
  treasuryMove: 'mov',
  phone: 'phn',
  request: 'req',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

declare const idBrand: unique symbol;

export type Id<Kind extends IdKind> = `${(typeof ID_PREFIXES)[Kind]}_${string}` & {
  readonly [idBrand]: Kind;
};

export type CustomerId = Id<'customer'>;
export type StaffId = Id<'staff'>;
export type IntegratorId = Id<'integrator'>;
export type CredentialId = Id<'credential'>;
export type SessionId = Id<'session'>;
export type WalletId = Id<'wallet'>;
export type WithdrawalId = Id<'withdrawal'>;
export type PayoutId = Id<'payout'>;
export type IntentId = Id<'intent'>;
export type RequestId = Id<'request'>;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const BODY = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

function encode(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = ALPHABET.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return text;
}

function decode(body: string): Uint8Array {
  let value = 0n;
  for (const character of body) value = (value << 5n) | BigInt(ALPHABET.indexOf(character));
  const bytes = new Uint8Array(16);
  for (let i = 15; i >= 0; i--) {
    bytes[i] = Number(value & 255n);
    value >>= 8n;
  }
  return bytes;
}

/** A fresh id, later than every id made before it in this process. */
export function newId<Kind extends IdKind>(kind: Kind): Id<Kind> {
  return `${ID_PREFIXES[kind]}_${encode(parseUuid(uuidv7()))}` as Id<Kind>;
}

/** The same id every time for one UUIDv7, e.g. one read from a `uuid` column. */
export function idFromUuid<Kind extends IdKind>(kind: Kind, uuid: string): Id<Kind> {
  return `${ID_PREFIXES[kind]}_${encode(parseUuid(uuid))}` as Id<Kind>;
}

/** The 16 bytes behind an id. */
export function idBytes(id: Id<IdKind>): Uint8Array {
  return decode(id.slice(id.indexOf('_') + 1));
}

export function idToUuid(id: Id<IdKind>): string {
  return formatUuid(idBytes(id));
}

/** When an id was made, in milliseconds since the epoch (RFC 9562 section 5.7). */
export function idTimeMs(id: Id<IdKind>): number {
  return idBytes(id)
    .subarray(0, 6)
    .reduce((time, byte) => time * 256 + byte, 0);
}

/**
 * An id that follows from another: the time of `source`, and a SHA-256 of kind, source and step instead of
 * chance, in UUIDv7 shape. Whoever repeats a step after a crash arrives at the same id and acts once.
 * @param step Names what is done, and which attempt where attempts differ: `hold`, `payout/2`.
 */
export function derivedId<Kind extends IdKind>(kind: Kind, source: Id<IdKind>, step: string): Id<Kind> {
  const bytes = sha256(utf8ToBytes(['trilock/derived-id', ID_PREFIXES[kind], source, step].join('\0')));
  const id = bytes.slice(0, 16);
  id.set(idBytes(source).subarray(0, 6));
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x70;
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
  return `${ID_PREFIXES[kind]}_${encode(id)}` as Id<Kind>;
}

function isUuidV7(bytes: Uint8Array): boolean {
  return (bytes[6] ?? 0) >> 4 === 7 && (bytes[8] ?? 0) >> 6 === 0b10;
}

/** Whether a text is the id of that kind: prefix, length, letters, version and variant. */
export function isIdOf<Kind extends IdKind>(kind: Kind, text: string): text is Id<Kind> {
  const prefix = `${ID_PREFIXES[kind]}_`;
  const body = text.slice(prefix.length);
  return text.startsWith(prefix) && BODY.test(body) && isUuidV7(decode(body));
}

/** Parsed once, at the edge. @throws SharedError `id_malformed` for a wrong prefix, length, letter or version. */
export function parseId<Kind extends IdKind>(kind: Kind, text: string): Id<Kind> {
  if (isIdOf(kind, text)) return text;
  throw new SharedError('id_malformed', `This is not the id of a ${kind}.`, {
    details: { expectedPrefix: ID_PREFIXES[kind], id: text.slice(0, 60) },
  });
}
