import { expect, it } from 'vitest';
import { parseExtendedPublicKey, parseKeyOrigin, walletDescriptor } from '../../src/bitcoin/index.ts';
import { bip388File, bsmsFile } from '../../src/recovery/import-files.ts';

/** BIP129, test vectors, “Mode: NO_ENCRYPTION”, round 2 (bitcoin/bips at 0e9aef5d). */
const BIP129 = [
  'BSMS 1.0',
  "wsh(sortedmulti(2,[1cf0bf7e/48'/0'/0'/2']xpub6FL8FhxNNUVnG64YurPd16AfGyvFLhh7S2uSsDqR3Qfcm6o9jtcMYwh6DvmcBF9qozxNQmTCVvWtxLpKTnhVLN3Pgnu2D3pAoXYFgVyd8Yz/**,[4fc1dd4a/48'/0'/0'/2']xpub6EebMbEps7ZcV3FYEnddRsvrFWDrt2tiPmCeM7pPXQEmphvq9ZfJ1LWFUDjf3vxCeBuPrfyGrMazWUsYsetrnHatQZVLJH7LsgCjtMqdzgj/**))",
  '/0/*,/1/*',
  'bc1qrgc6p3kylfztu06ysl752gwwuekhvtfh9vr7zg43jvu60mutamcsv948ej',
].join('\n');

const KEYS = [...BIP129.matchAll(/(\[[^\]]+\])(xpub[1-9A-HJ-NP-Za-km-z]+)/g)].map(([, origin, xpub]) => ({
  origin: parseKeyOrigin(origin!),
  xpub: parseExtendedPublicKey(xpub!, 'mainnet'),
}));

it('writes the descriptor record of BIP129 as its test vector has it', () => {
  const descriptor = walletDescriptor({ network: 'mainnet', threshold: 2, keys: KEYS });
  expect(bsmsFile(descriptor).content).toBe(BIP129);
});

it('writes a BIP388 policy whose keys are those of the descriptor, in its order', () => {
  const descriptor = walletDescriptor({ network: 'mainnet', threshold: 2, keys: KEYS });
  const policy = JSON.parse(bip388File(descriptor, 'Trilock').content) as Record<string, unknown>;
  expect(policy).toEqual({
    name: 'Trilock',
    descriptor_template: 'wsh(sortedmulti(2,@0/**,@1/**))',
    keys_info: [...BIP129.matchAll(/\[[^\]]+\]xpub[1-9A-HJ-NP-Za-km-z]+/g)].map(([key]) => key),
  });
});
