import { BitcoinError } from '../errors.ts';
import { networkOf, type NetworkName } from '../network.ts';

/** Steps of a BIP32 derivation; hardened ones carry {@link HARDENED}. */
export type DerivationPath = readonly number[];

export const HARDENED = 0x8000_0000;

/** A key's depth is one byte (BIP32). */
const MAX_DEPTH = 255;

const MAX_TEXT_LENGTH = 'm'.length + MAX_DEPTH * '/2147483647h'.length;

/** Texts are not echoed: somebody will paste a private key where a path belongs. */
function malformed(reason: string): BitcoinError {
  return new BitcoinError('derivation_path_malformed', `This is not a derivation path: ${reason}.`, {
    details: { reason },
  });
}

/**
 * Reads one step: `48h`, `48'` or `0`. @throws BitcoinError `derivation_path_malformed` for anything else,
 * leading zeros included, since every path has one spelling.
 */
export function parseStep(text: string): number {
  const match = /^(0|[1-9][0-9]{0,9})(['h]?)$/.exec(text);
  const index = match === null ? Number.NaN : Number(match[1]);
  if (match === null || index >= HARDENED) {
    throw malformed('a step is a number below 2^31, with h if hardened');
  }
  return match[2] === '' ? index : index + HARDENED;
}

/** Reads `m/48h/0h/0h/2h`, or `48h/0h` without the `m`; `m` alone is the empty path. */
export function parseDerivationPath(text: string): DerivationPath {
  if (text === 'm') return [];
  const steps =
    text.length > MAX_TEXT_LENGTH ? [] : (text.startsWith('m/') ? text.slice(2) : text).split('/');
  if (steps.length < 1 || steps.length > MAX_DEPTH) throw malformed('it has more than 255 steps');
  return steps.map(parseStep);
}

function formatStep(step: number): string {
  return step >= HARDENED ? `${step - HARDENED}h` : String(step);
}

/** `48h/0h/0h/2h`: no `m`, hardened steps with `h`. */
export function formatDerivationPath(path: DerivationPath): string {
  return path.map(formatStep).join('/');
}

/** The account path of native segwit multisig: m/48'/coin'/account'/2' (BIP48). */
export function bip48Path(network: NetworkName, account: number): DerivationPath {
  if (!Number.isInteger(account) || account < 0 || account >= HARDENED) {
    throw new BitcoinError('derivation_path_unsupported', 'An account is a number below 2^31.');
  }
  return [48 + HARDENED, networkOf(network).coinType + HARDENED, account + HARDENED, 2 + HARDENED];
}

/**
 * The account number of a BIP48 native segwit path. @throws BitcoinError `derivation_path_unsupported` for any
 * other path, another script type, or the coin type of another network.
 */
export function bip48Account(path: DerivationPath, network: NetworkName): number {
  const account = (path[2] ?? 0) - HARDENED;
  const expected = account < 0 ? undefined : bip48Path(network, account);
  if (path.length !== 4 || !expected?.every((step, position) => step === path[position])) {
    throw new BitcoinError(
      'derivation_path_unsupported',
      `This is not a BIP48 multisig path of ${network}.`,
      {
        details: { path: formatDerivationPath(path), network },
      },
    );
  }
  return account;
}
