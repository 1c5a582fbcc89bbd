import type { KeyedHash } from '../http/index.ts';
import { idBytes, idFromUuid, type CustomerId, type Id } from '../shared/index.ts';
import { stringify as uuidText } from 'uuid';
import { NoticeError } from './errors.ts';

const PURPOSE = 'notices/freeze-link';
const ID_BYTES = 16;
const TIME_BYTES = 6;
const MAC_BYTES = 32;
const MAC_AT = 2 * ID_BYTES + TIME_BYTES;

/** Long enough for a weekend; afterwards a found message is of no use. */
export const FREEZE_LINK_LIFETIME_MS = 72 * 3_600_000;

/** What a link in a notice is good for: locking this account, once, because of this event. */
export interface FreezeLink {
  readonly customer: CustomerId;
  readonly event: Id<'event'>;
  readonly expiresAtMs: number;
}

/** The token of a link, base64url: both ids, the time in milliseconds, and a MAC under the server's secret. */
export function freezeToken(hash: KeyedHash, { customer, event, expiresAtMs }: FreezeLink): string {
  const time = Buffer.alloc(TIME_BYTES);
  time.writeUIntBE(expiresAtMs, 0, TIME_BYTES);
  const words = Buffer.concat([idBytes(customer), idBytes(event), time]);
  return Buffer.concat([words, hash.mac(PURPOSE, [words.toString('hex')])]).toString('base64url');
}

/** @throws NoticeError `freeze_link_invalid`, `freeze_link_expired`. */
export function readFreezeToken(hash: KeyedHash, token: string, nowMs: number): FreezeLink {
  const bytes = Buffer.from(token, 'base64url');
  const words = bytes.subarray(0, MAC_AT);
  if (bytes.length !== MAC_AT + MAC_BYTES) throw invalid();
  if (!hash.verify(PURPOSE, [words.toString('hex')], bytes.subarray(MAC_AT))) throw invalid();
  const link = {
    customer: idFromUuid('customer', uuidText(words.subarray(0, ID_BYTES))),
    event: idFromUuid('event', uuidText(words.subarray(ID_BYTES, 2 * ID_BYTES))),
    expiresAtMs: words.readUIntBE(2 * ID_BYTES, TIME_BYTES),
  };
  if (nowMs >= link.expiresAtMs) {
    throw new NoticeError('freeze_link_expired', 'The link has expired: sign in to lock the account.');
  }
  return link;
}

function invalid(): NoticeError {
  return new NoticeError('freeze_link_invalid', 'This link is not one of ours, or not whole.');
}
