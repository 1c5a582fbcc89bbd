import { bytesToHex } from '@noble/hashes/utils.js';
import { BitcoinError } from '../errors.ts';
import { parseDeviceSignature, verifyDeviceMessage } from '../messages/device-message.ts';
import { verifyKeyRecord } from '../messages/key-record.ts';
import type { NetworkName } from '../network.ts';
import type { ExtendedPublicKey } from './extended-public-key.ts';
import { formatKeyOrigin, type KeyOrigin } from './key-origin.ts';
import { PublicChildren } from './public-children.ts';

/**
 * How a hardware wallet proves that it holds an account key: it signs texts, and no digests of ours. `message`: the
 * text of {@link deviceText} by a key below the account key, as every device can. `record`: a key record of BIP129,
 * signed by the account key itself.
 */
export type DeviceProof =
  | {
      readonly form: 'message';
      readonly branch: number;
      readonly index: number;
      /** 65 bytes in base 64 (BIP137). */
      readonly signature: string;
    }
  | { readonly form: 'record'; readonly record: string; readonly signature: string };

/** What is to be proved: this key, for this statement. */
export interface DeviceStatement {
  readonly network: NetworkName;
  readonly origin: KeyOrigin;
  readonly xpub: ExtendedPublicKey;
  /** Digest of everything that is stated of the key: 32 bytes. */
  readonly challenge: Uint8Array;
  /** The nonce that a key record must carry, hex. */
  readonly token: string;
}

/** The text that a device shows and signs: ASCII on one line, as the oldest of them ask. */
export function deviceText(challenge: Uint8Array): string {
  return `Trilock key ${bytesToHex(challenge)}`;
}

function refused(): BitcoinError {
  return new BitcoinError('possession_proof_invalid', 'This does not prove that the device holds the key.');
}

function checkRecord(statement: DeviceStatement, record: string, signature: string): void {
  const { token, origin, xpub } = verifyKeyRecord(record, signature, statement.network);
  const same =
    token === statement.token &&
    xpub.text === statement.xpub.text &&
    formatKeyOrigin(origin) === formatKeyOrigin(statement.origin);
  if (!same) throw refused();
}

function checkText(
  { xpub, challenge }: DeviceStatement,
  { branch, index, signature }: DeviceProof & { form: 'message' },
): void {
  const key = new PublicChildren(new PublicChildren(xpub).child(branch)).publicKey(index);
  verifyDeviceMessage(key, deviceText(challenge), parseDeviceSignature(signature));
}

/** Returns only when the proof holds. @throws BitcoinError `possession_proof_invalid`. */
export function verifyDevicePossession(statement: DeviceStatement, proof: DeviceProof): void {
  try {
    if (proof.form === 'record') checkRecord(statement, proof.record, proof.signature);
    else checkText(statement, proof);
  } catch (thrown) {
    if (thrown instanceof BitcoinError) throw refused();
    throw thrown;
  }
}
