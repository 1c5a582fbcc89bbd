import { BitcoinError } from '../errors.ts';
import { formatDerivationPath, parseStep, type DerivationPath } from './derivation-path.ts';

/** Where a key comes from (BIP380): the fingerprint of a master key and the path from it. */
export interface KeyOrigin {
  /** First four bytes of hash160 of the master public key: eight lower-case hex digits. */
  readonly fingerprint: string;
  readonly path: DerivationPath;
}

/** The text is not echoed: it may be a private key that was pasted in the wrong place. */
function malformed(): BitcoinError {
  return new BitcoinError('key_origin_malformed', 'A key origin reads [fingerprint/path], as in BIP380.');
}

/** Reads `[d34db33f/48h/0h/0h/2h]`; hardened steps with `h` or `'`. @throws BitcoinError `key_origin_malformed`. */
export function parseKeyOrigin(text: string): KeyOrigin {
  const match = /^\[([0-9a-fA-F]{8})((?:\/[0-9]{1,10}['h]?){0,255})\]$/.exec(text);
  if (match?.[1] === undefined) throw malformed();
  try {
    const path = (match[2] ?? '').split('/').slice(1).map(parseStep);
    return { fingerprint: match[1].toLowerCase(), path };
  } catch (cause) {
    if (cause instanceof BitcoinError) throw malformed();
    throw cause;
  }
}

/** `[d34db33f/48h/0h/0h/2h]`. */
export function formatKeyOrigin(origin: KeyOrigin): string {
  const path = formatDerivationPath(origin.path);
  return path === '' ? `[${origin.fingerprint}]` : `[${origin.fingerprint}/${path}]`;
}
