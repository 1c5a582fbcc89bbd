import { createDecipheriv, createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import {
  parseDerivationPath,
  parseExtendedPublicKey,
  parseKeyOrigin,
  splitKeyRecord,
  verifyKeyRecord,
  type DescriptorKey,
  type DeviceProof,
  type NetworkName,
} from '../bitcoin/index.ts';
import { StationError } from './errors.ts';

/** What a file of a hardware wallet tells of a key; the proof only when it is a key record. */
export interface DeviceExport {
  readonly key: DescriptorKey;
  readonly proof: DeviceProof | null;
}

const xfp = z.string().regex(/^[0-9a-fA-F]{8}$/);
/** Coldcard and Passport, “Export XPUB” of multisig: `ccxp-0F056943.json`. */
const multisigExport = z.object({ xfp, p2wsh_deriv: z.string().max(80), p2wsh: z.string().max(200) });
/** Coldcard, “Generic JSON”. */
const genericExport = z.object({
  xfp,
  bip48_2: z.object({ deriv: z.string().max(80), xpub: z.string().max(200) }),
});

const IV_BYTES = 16;
const MAC_BYTES = 32;

function malformed(reason: string): StationError {
  return new StationError('device_file_malformed', `This is no key of a hardware wallet: ${reason}.`, {
    details: { reason },
  });
}

function keyAt(fingerprint: string, path: string, xpub: string, network: NetworkName): DescriptorKey {
  const origin = { fingerprint: fingerprint.toLowerCase(), path: parseDerivationPath(path) };
  return { origin, xpub: parseExtendedPublicKey(xpub, network) };
}

function keyOfJson(text: string, network: NetworkName): DescriptorKey {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('it is no JSON');
  }
  const multisig = multisigExport.safeParse(value).data;
  if (multisig !== undefined) return keyAt(multisig.xfp, multisig.p2wsh_deriv, multisig.p2wsh, network);
  const generic = genericExport.safeParse(value).data;
  if (generic !== undefined) return keyAt(generic.xfp, generic.bip48_2.deriv, generic.bip48_2.xpub, network);
  throw malformed(
    'it names no key for P2WSH multisig (p2wsh, or bip48_2) with the fingerprint of its master',
  );
}

/** `[0f056943/48h/1h/0h/2h]tpub…`, as Sparrow, HWI and the programs of Trezor and Ledger show it. */
function keyOfExpression(text: string, network: NetworkName): DescriptorKey {
  const [, origin, xpub] = /^(\[[^\]]{8,60}\])([1-9A-HJ-NP-Za-km-z]{100,120})$/.exec(text) ?? [];
  if (origin === undefined || xpub === undefined) throw malformed('it is none of the forms known here');
  return { origin: parseKeyOrigin(origin), xpub: parseExtendedPublicKey(xpub, network) };
}

/**
 * Opens a record that the device encrypted under the token of the session (BIP129, “Encryption”): hex of the MAC and
 * the ciphertext of AES-256-CTR. @throws StationError `device_file_malformed` when it is of another session.
 */
export function decryptKeyRecord(hexText: string, token: string): string {
  const bytes = Buffer.from(hexText, 'hex');
  const mac = bytes.subarray(0, MAC_BYTES);
  const key = pbkdf2Sync('No SPOF', Buffer.from(token, 'hex'), 2_048, 32, 'sha512');
  const cipher = createDecipheriv('aes-256-ctr', key, mac.subarray(0, IV_BYTES));
  const record = Buffer.concat([cipher.update(bytes.subarray(MAC_BYTES)), cipher.final()]);
  const macKey = createHash('sha256').update(key).digest();
  const expected = createHmac('sha256', macKey).update(token).update(record).digest();
  if (mac.length === MAC_BYTES && timingSafeEqual(mac, expected)) return record.toString('utf8');
  throw malformed('it was encrypted for a session with another token');
}

/**
 * Reads a key out of what a hardware wallet writes: a key record (BIP129, in the clear or encrypted under `token`),
 * the multisig or generic JSON of a Coldcard, or a key with its origin on a line.
 * @throws StationError `device_file_malformed`; BitcoinError of the key, and of a record that its key did not sign.
 */
export function readDeviceExport(text: string, network: NetworkName, token: string): DeviceExport {
  const content = text.trim();
  if (/^[0-9a-fA-F]{128,4000}$/.test(content))
    return readDeviceExport(decryptKeyRecord(content, token), network, token);
  if (content.startsWith('{')) return { key: keyOfJson(content, network), proof: null };
  if (!content.startsWith('BSMS')) return { key: keyOfExpression(content, network), proof: null };
  const { record, signature } = splitKeyRecord(content);
  return { key: verifyKeyRecord(record, signature, network), proof: { form: 'record', record, signature } };
}

/**
 * The signature in what a device writes when it has signed a text: bare, or in the armour that Coldcards and others
 * put around it. @throws StationError `device_file_malformed`.
 */
export function readSignedText(text: string): string {
  const [signature, ...more] = text.split(/\s+/).filter((word) => /^[A-Za-z0-9+/]{87}=$/.test(word));
  if (signature === undefined || more.length > 0) throw malformed('it holds not just one signature');
  return signature;
}
