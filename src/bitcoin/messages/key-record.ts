import { BitcoinError } from '../errors.ts';
import type { ExtendedPublicKey } from '../keys/extended-public-key.ts';
import { parseKeyExpression } from '../keys/key-expression.ts';
import type { KeyOrigin } from '../keys/key-origin.ts';
import type { NetworkName } from '../network.ts';
import { parseDeviceSignature, verifyDeviceMessage } from './device-message.ts';

/** What a hardware wallet says of one of its keys: the four signed lines of a key record (BIP129, round 1). */
export interface KeyRecord {
  /** The nonce of the session that asked for it, in hex: its second line. */
  readonly token: string;
  readonly origin: KeyOrigin;
  readonly xpub: ExtendedPublicKey;
}

const VERSION = 'BSMS 1.0';

function malformed(reason: string): BitcoinError {
  return new BitcoinError('message_signature_malformed', `This is not a key record of BIP129: ${reason}.`, {
    details: { reason },
  });
}

/** A record as a file, split into what was signed and the signature. @throws BitcoinError `message_signature_malformed`. */
export function splitKeyRecord(file: string): { readonly record: string; readonly signature: string } {
  const lines = file.replaceAll('\r\n', '\n').trim().split('\n');
  const signature = lines[4];
  if (lines.length !== 5 || signature === undefined) throw malformed('it has not five lines');
  return { record: lines.slice(0, 4).join('\n'), signature };
}

/**
 * Reads the four lines and checks that the key which they name signed them: a key record is signed by the account
 * key itself. @throws BitcoinError `message_signature_malformed`, `message_signature_invalid`; of key expressions.
 */
export function verifyKeyRecord(record: string, signature: string, network: NetworkName): KeyRecord {
  const [version, token, expression, description, ...more] = record.split('\n');
  if (version !== VERSION || token === undefined || expression === undefined || description === undefined)
    throw malformed('its lines are not those of version 1.0');
  if (more.length > 0) throw malformed('it has more than four lines');
  const { origin, key, steps, wildcard } = parseKeyExpression(expression, network);
  if (origin === null || key instanceof Uint8Array || steps.length > 0 || wildcard !== 'none')
    throw malformed('its key is no extended key with its origin');
  verifyDeviceMessage(key.publicKey, record, parseDeviceSignature(signature));
  return { token: token.toLowerCase(), origin, xpub: key };
}
