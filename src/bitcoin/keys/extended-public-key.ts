import { bytesToHex } from '@noble/hashes/utils.js';
import { crypto } from 'bitcoinjs-lib';
import { decodeBase58Check, encodeBase58Check } from '../bytes.ts';
import { BitcoinError } from '../errors.ts';
import { networkOf, NETWORK_NAMES, type NetworkName } from '../network.ts';
import { isCompressedPublicKey } from '../secp256k1/signature.ts';

/** An extended public key (BIP32). Immutable; the byte arrays are not to be written to. */
export interface ExtendedPublicKey {
  readonly network: NetworkName;
  readonly depth: number;
  /** Eight lower-case hex digits; zero for a master key. */
  readonly parentFingerprint: string;
  /** The last step of the path to this key, hardened bit included; zero for a master key. */
  readonly childNumber: number;
  readonly chainCode: Uint8Array;
  /** 33 bytes, on the curve. */
  readonly publicKey: Uint8Array;
  /** `xpub…` on mainnet, `tpub…` elsewhere, however it was written on input. */
  readonly text: string;
}

/** 78 bytes and a checksum make 111 characters; anything much longer is no extended key. */
const MAX_TEXT_LENGTH = 120;
const PAYLOAD_BYTES = 78;

type Kind = { readonly mainnet: boolean; readonly secret: boolean };

/** Version bytes of BIP32 and of SLIP-132, by their usual four letters. */
const VERSIONS: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  // xpub, ypub, Ypub, zpub, Zpub
  ...[0x0488b21e, 0x049d7cb2, 0x0295b43f, 0x04b24746, 0x02aa7ed3].map((version): [number, Kind] => [
    version,
    { mainnet: true, secret: false },
  ]),
  // tpub, upub, Upub, vpub, Vpub
  ...[0x043587cf, 0x044a5262, 0x024289ef, 0x045f1cf6, 0x02575483].map((version): [number, Kind] => [
    version,
    { mainnet: false, secret: false },
  ]),
  // xprv, yprv, Yprv, zprv, Zprv
  ...[0x0488ade4, 0x049d7878, 0x0295b005, 0x04b2430c, 0x02aa7a99].map((version): [number, Kind] => [
    version,
    { mainnet: true, secret: true },
  ]),
  // tprv, uprv, Uprv, vprv, Vprv
  ...[0x04358394, 0x044a4e28, 0x024285b5, 0x045f18bc, 0x02575048].map((version): [number, Kind] => [
    version,
    { mainnet: false, secret: true },
  ]),
]);

/** Never carries the text: it may be a private key with a typing error in it. */
function malformed(reason: string): BitcoinError {
  return new BitcoinError('extended_key_malformed', `This is not an extended public key: ${reason}.`, {
    details: { reason },
  });
}

/** A secret key that was pasted where a public one belongs. */
export function privateKeyRefused(): BitcoinError {
  return new BitcoinError(
    'private_key_refused',
    'This is a private key. Only public keys belong here; treat the key as exposed and replace it.',
  );
}

function networksOf(kind: Kind): NetworkName[] {
  return NETWORK_NAMES.filter((name) => (name === 'mainnet') === kind.mainnet);
}

/** The 78 bytes of BIP32's serialisation, as a PSBT names a key. */
export function extendedPublicKeyPayload(fields: Omit<ExtendedPublicKey, 'text'>): Uint8Array {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const view = new DataView(payload.buffer);
  view.setUint32(0, networkOf(fields.network).xpubVersion);
  view.setUint8(4, fields.depth);
  view.setUint32(5, Number.parseInt(fields.parentFingerprint, 16));
  view.setUint32(9, fields.childNumber);
  payload.set(fields.chainCode, 13);
  payload.set(fields.publicKey, 45);
  return payload;
}

/**
 * Reads an extended public key of `network`, in BIP32's spelling or one of SLIP-132's (ypub, zpub, Ypub, Zpub,
 * upub, vpub, Upub, Vpub), and normalises it. SLIP-132's script type is dropped: the descriptor says it.
 * @throws BitcoinError `extended_key_malformed`, `extended_key_wrong_network`, `private_key_refused`.
 */
export function parseExtendedPublicKey(text: string, network: NetworkName): ExtendedPublicKey {
  if (text.length > MAX_TEXT_LENGTH) throw malformed('it is too long');
  const payload = decodeBase58Check(text, PAYLOAD_BYTES);
  if (payload === 'malformed') throw malformed('it is not base 58 of the right length');
  if (payload === 'checksum_mismatch') throw malformed('its checksum does not match');
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const kind = VERSIONS.get(view.getUint32(0));
  if (kind === undefined) throw malformed('its prefix is unknown');
  if (kind.secret) throw privateKeyRefused();
  if (kind.mainnet !== (network === 'mainnet')) {
    const found = networksOf(kind);
    throw new BitcoinError(
      'extended_key_wrong_network',
      `This key is for ${found.join(', ')}, not for ${network}.`,
      {
        details: { expected: network, found },
      },
    );
  }
  const depth = view.getUint8(4);
  const parentFingerprint = bytesToHex(payload.subarray(5, 9));
  const childNumber = view.getUint32(9);
  if (depth === 0 && (parentFingerprint !== '00000000' || childNumber !== 0)) {
    throw malformed('a master key has no parent');
  }
  const publicKey = payload.slice(45);
  if (!isCompressedPublicKey(publicKey)) throw malformed('its public key is not on the curve');
  const chainCode = payload.slice(13, 45);
  const fields = { network, depth, parentFingerprint, childNumber, chainCode, publicKey };
  return { ...fields, text: encodeBase58Check(extendedPublicKeyPayload(fields)) };
}

/** First four bytes of hash160 of a public key, eight hex digits (BIP32). */
export function keyFingerprint(publicKey: Uint8Array): string {
  return bytesToHex(crypto.hash160(publicKey).subarray(0, 4));
}
