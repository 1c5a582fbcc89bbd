import { readFileSync } from 'node:fs';
import { bytesToHex } from '@noble/hashes/utils.js';
import { base64 } from '@scure/base';
import { Transaction as ScureTransaction } from '@scure/btc-signer';
import { describe, expect, it } from 'vitest';
import { BitcoinError } from '../../../src/bitcoin/errors.ts';
import { combinePsbts } from '../../../src/bitcoin/psbt/combine-psbt.ts';
import { extractTransaction, finalizePsbt } from '../../../src/bitcoin/psbt/finalize-psbt.ts';
import { parsePsbt, parsePsbtBase64 } from '../../../src/bitcoin/psbt/parse-psbt.ts';
import { psbtToBase64, type Psbt } from '../../../src/bitcoin/psbt/psbt.ts';
import { serializeTransaction } from '../../../src/bitcoin/transactions/transaction-codec.ts';

interface Vectors {
  readonly invalid: readonly string[];
  readonly invalid_with_msg: readonly (readonly [string, string])[];
  readonly valid: readonly string[];
  readonly combiner: readonly { readonly combine: readonly string[]; readonly result: string }[];
  readonly finalizer: readonly { readonly finalize: string; readonly result: string }[];
  readonly extractor: readonly { readonly extract: string; readonly result: string }[];
}
const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/bips/rpc_psbt.json', import.meta.url), 'utf8'),
) as Vectors;

/** BIP370 PSBTs come after the BIP174 and BIP371 ones. */
const isVersion2 = (text: string): boolean =>
  bytesToHex(base64.decode(text)).includes('01fb0402000000') && !text.startsWith('cHNidP8BAH');

/** Without regard to padding. */
const bytesInside = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));

/** Every entry of every map, sorted: Bitcoin Core orders signatures by the hash of their keys, BIP174 by nothing. */
function contentOf(psbt: Psbt): string[][] {
  return [psbt.global, ...psbt.inputs, ...psbt.outputs].map((map) =>
    map.entries.map(({ key, value }) => `${bytesToHex(key)}=${bytesToHex(value)}`).sort(),
  );
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(BitcoinError);
    return (thrown as BitcoinError).code;
  }
  return 'accepted';
}

describe('PSBTs that Bitcoin Core refuses', () => {
  const invalid = [...vectors.invalid, ...vectors.invalid_with_msg.map(([text]) => text)];
  it.each(invalid.map((text, index) => [index, text] as const))('%i is refused', (_, text) => {
    expect(refusal(() => parsePsbtBase64(text))).not.toBe('accepted');
    // Some vectors are padded wrongly: their bytes are to be refused for what they say, too.
    expect(refusal(() => parsePsbt(bytesInside(text)))).not.toBe('accepted');
  });

  it('says by a closed code what is wrong', () => {
    const codeOf = (index: number): string => refusal(() => parsePsbtBase64(vectors.invalid[index] ?? ''));
    expect(codeOf(0)).toBe('psbt_malformed');
    expect(codeOf(2)).toBe('psbt_transaction_signed');
    expect(codeOf(3)).toBe('psbt_transaction_missing');
    expect(codeOf(4)).toBe('psbt_duplicate_key');
    expect(codeOf(5)).toBe('psbt_field_invalid');
    expect(codeOf(19)).toBe('psbt_version_unsupported');
    expect(codeOf(39)).toBe('psbt_field_invalid');
  });
});

describe('PSBTs that Bitcoin Core accepts', () => {
  const version0 = vectors.valid.filter((text) => !isVersion2(text));
  const version2 = vectors.valid.filter(isVersion2);

  it('has vectors of both versions', () => {
    expect([version0.length, version2.length]).toEqual([20, 14]);
  });

  it.each(version0.map((text, index) => [index, text] as const))(
    'version 0, %i, is written back byte for byte',
    (_, text) => {
      expect(psbtToBase64(parsePsbtBase64(text))).toBe(text);
    },
  );

  it.each(version2.map((text, index) => [index, text] as const))(
    'version 2, %i, becomes the version 0 PSBT of the same transaction',
    (_, text) => {
      const converted = parsePsbtBase64(text);
      const scure = ScureTransaction.fromPSBT(base64.decode(text));
      expect(bytesToHex(serializeTransaction(converted.transaction))).toBe(bytesToHex(scure.unsignedTx));
      const written = psbtToBase64(converted);
      expect(psbtToBase64(parsePsbtBase64(written))).toBe(written);
      expect(ScureTransaction.fromPSBT(base64.decode(written)).opts.PSBTVersion).toBe(0);
    },
  );
});

describe('the roles of BIP174', () => {
  it.each(vectors.combiner.map((vector, index) => [index, vector] as const))('combines, %i', (_, vector) => {
    const [first, ...others] = vector.combine.map(parsePsbtBase64);
    const expected = contentOf(parsePsbtBase64(vector.result));
    expect(contentOf(combinePsbts(first!, ...others))).toEqual(expected);
    // The order in which they are given does not matter where nothing contradicts.
    expect(contentOf(combinePsbts(others[0]!, first!, ...others.slice(1)))).toEqual(expected);
  });

  it.each(vectors.finalizer)('finalizes', (vector) => {
    expect(psbtToBase64(finalizePsbt(parsePsbtBase64(vector.finalize)))).toBe(vector.result);
  });

  it.each(vectors.extractor)('extracts', (vector) => {
    const transaction = extractTransaction(parsePsbtBase64(vector.extract));
    expect(bytesToHex(serializeTransaction(transaction))).toBe(vector.result);
  });

  it('combines only PSBTs of one transaction', () => {
    const [one, two] = [vectors.valid[0]!, vectors.valid[1]!].map(parsePsbtBase64);
    expect(refusal(() => combinePsbts(one!, two!))).toBe('psbt_not_combinable');
  });

  it('does not finalize without signatures, nor extract before', () => {
    const unsigned = parsePsbtBase64(vectors.valid[0]!);
    expect(refusal(() => finalizePsbt(unsigned))).toBe('psbt_input_not_complete');
    expect(refusal(() => extractTransaction(unsigned))).toBe('psbt_not_final');
  });
});
