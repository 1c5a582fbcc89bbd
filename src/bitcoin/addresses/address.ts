import type { ErrorDetails } from '../../shared/index.ts';
import { concatBytes, decodeBase58Check, encodeBase58Check } from '../bytes.ts';
import { BitcoinError, type BitcoinErrorCode } from '../errors.ts';
import { networkOf, NETWORK_NAMES, type NetworkName } from '../network.ts';
import { decodeSegwit, encodeSegwit } from './segwit.ts';

export type AddressType = 'p2pkh' | 'p2sh' | 'p2wpkh' | 'p2wsh' | 'p2tr';

/** An address that may be paid. */
export interface Address {
  readonly network: NetworkName;
  readonly type: AddressType;
  /** Canonical text: segwit addresses in lower case. */
  readonly text: string;
  readonly scriptPubKey: Uint8Array;
}

/** The longest address is a segwit one of 90 characters. */
const MAX_ADDRESS_LENGTH = 90;
const HASH_BYTES = 20;

function refuse(code: BitcoinErrorCode, text: string, details?: ErrorDetails): never {
  throw new BitcoinError(code, text, details === undefined ? {} : { details });
}

function requireNetwork(expected: NetworkName, found: readonly NetworkName[]): void {
  if (!found.includes(expected)) {
    refuse('address_wrong_network', `This address is for ${found.join(', ')}, not for ${expected}.`, {
      expected,
      found,
    });
  }
}

const TEXT_REFUSALS = {
  malformed: ['address_malformed', 'This is not a Bitcoin address.'],
  mixed_case: [
    'address_mixed_case',
    'A segwit address is written in lower case or in upper case, not in both.',
  ],
  checksum_mismatch: [
    'address_checksum_mismatch',
    'The address has a typing error: its checksum does not match.',
  ],
  program_invalid: ['address_witness_program_invalid', 'The address holds no valid witness program.'],
} as const;

function refuseText(reason: keyof typeof TEXT_REFUSALS): never {
  const [code, text] = TEXT_REFUSALS[reason];
  return refuse(code, text);
}

function segwitType(version: number, programBytes: number): AddressType {
  if (version === 0) return programBytes === HASH_BYTES ? 'p2wpkh' : 'p2wsh';
  if (version === 1 && programBytes === 32) return 'p2tr';
  // Anyone can spend what is paid to a version that has no rules yet.
  return refuse(
    'address_witness_version_unsupported',
    `Witness version ${version} with ${programBytes} bytes is not in use; coins paid to it could be taken by anyone.`,
    { version, programBytes },
  );
}

function parseSegwit(text: string, network: NetworkName): Address {
  const decoded = decodeSegwit(text);
  if (typeof decoded === 'string') return refuseText(decoded);
  const { prefix, version, program } = decoded;
  requireNetwork(
    network,
    NETWORK_NAMES.filter((name) => networkOf(name).bech32Prefix === prefix),
  );
  const type = segwitType(version, program.length);
  const head = Uint8Array.of(version === 0 ? 0 : 0x50 + version, program.length);
  return { network, type, text: text.toLowerCase(), scriptPubKey: concatBytes(head, program) };
}

function parseBase58(text: string, network: NetworkName): Address {
  const payload = decodeBase58Check(text, 1 + HASH_BYTES);
  if (typeof payload === 'string') return refuseText(payload);
  const version = payload[0];
  const isScript = NETWORK_NAMES.some((name) => networkOf(name).p2shVersion === version);
  const found = NETWORK_NAMES.filter((name) => {
    const { p2pkhVersion, p2shVersion } = networkOf(name);
    return version === p2pkhVersion || version === p2shVersion;
  });
  if (found.length === 0) return refuseText('malformed');
  requireNetwork(network, found);
  const hash = payload.subarray(1);
  const scriptPubKey = isScript
    ? concatBytes(Uint8Array.of(0xa9, HASH_BYTES), hash, Uint8Array.of(0x87))
    : concatBytes(Uint8Array.of(0x76, 0xa9, HASH_BYTES), hash, Uint8Array.of(0x88, 0xac));
  return { network, type: isScript ? 'p2sh' : 'p2pkh', text, scriptPubKey };
}

/**
 * Reads an address to be paid on `network`: P2PKH, P2SH, P2WPKH, P2WSH, P2TR (BIP13, 173, 350). Future witness
 * versions are refused by name. @throws BitcoinError `address_empty`, `address_too_long`, `address_malformed`,
 * `address_mixed_case`, `address_checksum_mismatch`, `address_wrong_network`,
 * `address_witness_version_unsupported`, `address_witness_program_invalid`.
 */
export function parseAddress(text: string, network: NetworkName): Address {
  if (text === '') refuse('address_empty', 'There is no address.');
  if (text.length > MAX_ADDRESS_LENGTH) {
    refuse('address_too_long', 'This is too long for a Bitcoin address.', { characters: text.length });
  }
  return /^(?:bc|tb|bcrt)1/i.test(text) ? parseSegwit(text, network) : parseBase58(text, network);
}

function startsAndEnds(
  script: Uint8Array,
  length: number,
  start: readonly number[],
  end: readonly number[],
): boolean {
  return (
    script.length === length &&
    start.every((byte, i) => script[i] === byte) &&
    end.every((byte, i) => script[length - end.length + i] === byte)
  );
}

/** What kind of address a script has, if any of those that we pay. */
export function scriptType(script: Uint8Array): AddressType | null {
  if (startsAndEnds(script, 22, [0x00, 20], [])) return 'p2wpkh';
  if (startsAndEnds(script, 34, [0x00, 32], [])) return 'p2wsh';
  if (startsAndEnds(script, 34, [0x51, 32], [])) return 'p2tr';
  if (startsAndEnds(script, 23, [0xa9, 20], [0x87])) return 'p2sh';
  if (startsAndEnds(script, 25, [0x76, 0xa9, 20], [0x88, 0xac])) return 'p2pkh';
  return null;
}

/** The address of an output script, or null where it has none that we would pay. */
export function addressOfScript(scriptPubKey: Uint8Array, network: NetworkName): Address | null {
  const type = scriptType(scriptPubKey);
  if (type === null) return null;
  const { bech32Prefix, p2pkhVersion, p2shVersion } = networkOf(network);
  const texts: Readonly<Record<AddressType, () => string>> = {
    p2pkh: () => encodeBase58Check(concatBytes(Uint8Array.of(p2pkhVersion), scriptPubKey.subarray(3, 23))),
    p2sh: () => encodeBase58Check(concatBytes(Uint8Array.of(p2shVersion), scriptPubKey.subarray(2, 22))),
    p2wpkh: () => encodeSegwit(bech32Prefix, 0, scriptPubKey.subarray(2)),
    p2wsh: () => encodeSegwit(bech32Prefix, 0, scriptPubKey.subarray(2)),
    p2tr: () => encodeSegwit(bech32Prefix, 1, scriptPubKey.subarray(2)),
  };
  return { network, type, text: texts[type](), scriptPubKey };
}
