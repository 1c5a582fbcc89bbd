import { HttpError } from './problem.ts';
import type { KeyedHash } from './keyed-hash.ts';

/**
 * Opaque page cursors. A cursor holds the sort position of the last item of a page and is bound by a MAC to the
 * operation and the caller, so that it can neither be forged nor carried to another list.
 */
export interface Cursors {
  encode(position: readonly string[]): string;
  /** @throws HttpError `cursor_invalid`. */
  decode(cursor: string): readonly string[];
}

const MAC_BYTES = 32;

function refused(): HttpError {
  return new HttpError('cursor_invalid', 'This cursor does not belong to this list.');
}

/** @param binding What the list is: operation id and caller. */
export function createCursors(hash: KeyedHash, binding: readonly string[]): Cursors {
  return {
    encode(position) {
      const body = Buffer.from(JSON.stringify(position), 'utf8');
      return Buffer.concat([hash.mac('cursor', [...binding, body.toString('utf8')]), body]).toString(
        'base64url',
      );
    },
    decode(cursor) {
      const bytes = Buffer.from(cursor, 'base64url');
      if (bytes.toString('base64url') !== cursor || bytes.length <= MAC_BYTES) throw refused();
      const body = bytes.subarray(MAC_BYTES).toString('utf8');
      if (!hash.verify('cursor', [...binding, body], bytes.subarray(0, MAC_BYTES))) throw refused();
      return JSON.parse(body) as string[];
    },
  };
}
