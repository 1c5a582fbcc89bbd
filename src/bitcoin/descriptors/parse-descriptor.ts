import { BitcoinError } from '../errors.ts';
import { looksPrivate, parseKeyExpression, type KeyExpression } from '../keys/key-expression.ts';
import { privateKeyRefused } from '../keys/extended-public-key.ts';
import { HARDENED } from '../keys/derivation-path.ts';
import type { NetworkName } from '../network.ts';
import { removeDescriptorChecksum } from './checksum.ts';
import { walletDescriptor, type DescriptorKey, type WalletDescriptor } from './wallet-descriptor.ts';

/** Sixteen keys with long origins stay well below; more is no wallet of ours. */
const MAX_DESCRIPTOR_LENGTH = 8192;

const OURS = /^wsh\(sortedmulti\(([^()]*)\)\)$/;

/** Script expressions of BIP380 to 392 that may stand at the top. */
const TOP_LEVEL = new Set([
  'sh',
  'wsh',
  'wpkh',
  'pkh',
  'pk',
  'combo',
  'tr',
  'rawtr',
  'raw',
  'addr',
  'multi',
  'sortedmulti',
  'sp',
]);
const BELOW_WSH = new Set(['multi', 'pk', 'pkh']);

/** Says what the expression is, `sh(wsh())` or `miniscript`, so that a person knows why it is refused. */
function nameOf(body: string): string | null {
  const [outer, inner] = (/^(?:[a-z_:]+\()+/.exec(body)?.[0] ?? '').split('(');
  if (outer === undefined || !TOP_LEVEL.has(outer)) return null;
  if (outer === 'wsh' && inner !== undefined && inner !== '') {
    return BELOW_WSH.has(inner) ? `wsh(${inner}())` : 'miniscript';
  }
  return outer === 'sh' && inner !== undefined && TOP_LEVEL.has(inner) ? `sh(${inner}())` : `${outer}()`;
}

function refuseForm(body: string): never {
  const name = body.startsWith('wsh(sortedmulti(') ? null : nameOf(body);
  if (name === null) {
    throw new BitcoinError('descriptor_malformed', 'This is not an output descriptor.');
  }
  throw new BitcoinError(
    'descriptor_unsupported',
    `Descriptors of the form ${name} are not supported; a wallet is wsh(sortedmulti()).`,
    { details: { form: name } },
  );
}

function requireBranches({ steps, wildcard }: KeyExpression): void {
  const allSteps = steps.flat();
  if (wildcard === 'hardened' || allSteps.some((step) => step >= HARDENED)) {
    throw new BitcoinError('hardened_derivation_refused', 'A public key has no hardened children.');
  }
  const [branches] = steps;
  const standard =
    wildcard === 'unhardened' &&
    steps.length === 1 &&
    typeof branches === 'object' &&
    branches.length === 2 &&
    branches[0] === 0 &&
    branches[1] === 1;
  if (!standard) {
    throw new BitcoinError('descriptor_path_unsupported', 'Each key of a wallet is followed by /<0;1>/*.');
  }
}

function descriptorKey(text: string, network: NetworkName): DescriptorKey {
  const expression = parseKeyExpression(text, network);
  if (expression.key instanceof Uint8Array) {
    throw new BitcoinError('descriptor_key_unsupported', 'A wallet is made of extended public keys.');
  }
  requireBranches(expression);
  if (expression.origin === null) {
    throw new BitcoinError('descriptor_origin_missing', 'A key has no origin, so no signer could find it.');
  }
  return { origin: expression.origin, xpub: expression.key };
}

/**
 * Reads a wallet's descriptor: `wsh(sortedmulti(k,[origin]xpub/<0;1>/*,…))#checksum`. Hardened steps may be
 * written `h` or `'`, keys in SLIP-132's spellings; `text` of the result is canonical. Every other kind of
 * descriptor is refused by name. @throws BitcoinError with a code of the descriptor's or of the keys'.
 */
export function parseDescriptor(text: string, network: NetworkName): WalletDescriptor {
  if (text.length > MAX_DESCRIPTOR_LENGTH) {
    throw new BitcoinError('descriptor_too_long', 'The descriptor is too long.', {
      details: { characters: text.length, limit: MAX_DESCRIPTOR_LENGTH },
    });
  }
  const body = removeDescriptorChecksum(text);
  // Of any form: whoever pasted a private key must hear of that first.
  if (body.split(/[^0-9A-Za-z]+/).some(looksPrivate)) throw privateKeyRefused();
  const inner = OURS.exec(body)?.[1];
  if (inner === undefined) return refuseForm(body);
  const [threshold = '', ...keys] = inner.split(',');
  if (!/^[1-9][0-9]{0,2}$/.test(threshold)) {
    throw new BitcoinError('descriptor_threshold_invalid', 'The number of signatures is not a number.', {
      details: { threshold: threshold.slice(0, 10) },
    });
  }
  return walletDescriptor({
    network,
    threshold: Number(threshold),
    keys: keys.map((key) => descriptorKey(key, network)),
  });
}
