import { readFileSync } from 'node:fs';
import { Transaction as ScureTransaction } from '@scure/btc-signer';
import { describe, expect, it } from 'vitest';
import { parsePsbtBase64 } from '../../../src/bitcoin/psbt/parse-psbt.ts';
import { psbtToBase64 } from '../../../src/bitcoin/psbt/psbt.ts';
import { BitcoinError } from '../../../src/bitcoin/errors.ts';

interface Vectors {
  readonly invalid: readonly string[];
  readonly invalid_with_msg: readonly (readonly [string, string])[];
  readonly valid: readonly string[];
}
const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/bips/rpc_psbt.json', import.meta.url), 'utf8'),
) as Vectors;

describe('x', () => {
  for (const [i, t] of vectors.invalid.entries())
    it(`invalid ${i}`, () => {
      try { parsePsbtBase64(t) } catch (e) { expect(e).toBeInstanceOf(BitcoinError); console.log(i, (e as BitcoinError).code, JSON.stringify((e as BitcoinError).details)); return; }
      throw new Error('accepted');
    });
  for (const [i, t] of vectors.valid.entries())
    it(`valid ${i}`, () => {
      const p = parsePsbtBase64(t);
      if (p.transaction.version && !(i>=20)) expect(psbtToBase64(p)).toBe(t);
      else expect(psbtToBase64(parsePsbtBase64(psbtToBase64(p)))).toBe(psbtToBase64(p));
    });
});
