import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BitcoinError,
  buildSpends,
  checkSpend,
  combinePsbts,
  completeSpend,
  explain,
  MAX_PSBT_BYTES,
  parsePsbt,
  parsePsbtBase64,
  serializePsbt,
  signPsbt,
} from '../../../src/bitcoin/index.ts';
import { ByteWriter } from '../../../src/bitcoin/transactions/byte-writer.ts';
import { payment, refusal, separateCoins, spendContext } from '../spend/spend-fixtures.ts';
import { fixtureWallet } from '../wallet-fixtures.ts';

const { descriptor, keys } = fixtureWallet('parse');
const payments = [payment('alice', 150_000n)];
const [spend] = buildSpends({
  ...spendContext(descriptor),
  coins: separateCoins(descriptor, [90_000n, 120_000n]),
  payments,
});
const signed = combinePsbts(
  signPsbt(spend!.psbt, keys[0]!, descriptor),
  signPsbt(spend!.psbt, keys[2]!, descriptor),
);
const sample = serializePsbt(signed);
const expectation = { wallet: descriptor, payments, limits: spendContext(descriptor).limits };
const MAGIC = Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff);

/** Everything that is done with a PSBT from outside; it ends, and only a BitcoinError may end it early. */
function useAll(bytes: Uint8Array): string[] {
  const outcomes: string[] = [];
  const attempt = (run: () => unknown): unknown => {
    try {
      const result = run();
      outcomes.push('done');
      return result;
    } catch (thrown) {
      if (!(thrown instanceof BitcoinError)) throw thrown;
      outcomes.push(thrown.code);
      return undefined;
    }
  };
  const psbt = attempt(() => parsePsbt(bytes)) as ReturnType<typeof parsePsbt> | undefined;
  if (psbt === undefined) return outcomes;
  attempt(() => explain(psbt, [{ name: 'vault', descriptor }]));
  attempt(() => checkSpend(psbt, expectation));
  attempt(() => signPsbt(psbt, keys[1]!, descriptor));
  attempt(() => completeSpend(psbt, expectation));
  return outcomes;
}

describe('a PSBT from anywhere', () => {
  it('is refused when cut off after any byte', () => {
    for (let length = 0; length < sample.length; length++) {
      expect(refusal(() => parsePsbt(sample.subarray(0, length)))).toMatch(/^psbt_|^transaction_/);
    }
  });

  it('is refused when anything follows its end', () => {
    expect(refusal(() => parsePsbt(Uint8Array.of(...sample, 0)))).toBe('psbt_malformed');
    expect(refusal(() => parsePsbt(Uint8Array.of(...sample, 1, 2, 3)))).toBe('psbt_malformed');
  });

  it('never ends in anything but a result or a closed code, whatever bits flip, and never in other payments', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sample.length - 1), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (flips) => {
          const bytes = sample.slice();
          for (const [at, mask] of flips) bytes[at] = (bytes[at] ?? 0) ^ mask;
          const outcomes = useAll(bytes);
          // What still completes is the same transaction with other hints around it.
          if (outcomes[4] === 'done') {
            expect(completeSpend(parsePsbt(bytes), expectation).txid).toBe(spend!.txid);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('never ends in anything but a closed code for random bytes behind the magic', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (tail) => {
        expect(useAll(Uint8Array.of(...MAGIC, ...tail))[0]).not.toBe('done');
      }),
      { numRuns: 500 },
    );
  });

  it('is the same after being read and written', () => {
    expect(serializePsbt(parsePsbt(sample))).toEqual(sample);
  });

  it('keeps unknown and proprietary fields byte for byte, through signing and merging', () => {
    const psbt = parsePsbt(sample);
    const key = Uint8Array.of(0xfc, 0x04, 0x74, 0x65, 0x73, 0x74, 0x01);
    const unknown = Uint8Array.of(0xef, 0x01);
    for (const map of [psbt.global, psbt.inputs[0]!, psbt.outputs[0]!]) {
      map.set(key, Uint8Array.of(1, 2, 3));
      map.set(unknown, new Uint8Array());
    }
    const again = parsePsbt(serializePsbt(signPsbt(parsePsbt(serializePsbt(psbt)), keys[1]!, descriptor)));
    const merged = combinePsbts(spend!.psbt, again);
    for (const map of [merged.global, merged.inputs[0]!, merged.outputs[0]!]) {
      expect(map.find(key)).toEqual(Uint8Array.of(1, 2, 3));
      expect(map.find(unknown)).toEqual(new Uint8Array());
    }
  });

  it('cannot be changed through the array that it was read from', () => {
    for (const bytes of [sample.slice(), Buffer.from(sample)]) {
      const psbt = parsePsbt(bytes);
      bytes.fill(0xff);
      expect(serializePsbt(psbt)).toEqual(sample);
    }
  });
});

describe('sizes meant to hurt', () => {
  it('refuses ten megabytes by their length alone', () => {
    const huge = new Uint8Array(10_000_000);
    huge.set(sample);
    expect(huge.length).toBeGreaterThan(MAX_PSBT_BYTES);
    expect(refusal(() => parsePsbt(huge))).toBe('psbt_too_large');
    expect(refusal(() => parsePsbtBase64('A'.repeat(14_000_000)))).toBe('psbt_too_large');
  });

  it('refuses counts that the bytes cannot hold', () => {
    const transaction = (inputs: Uint8Array): Uint8Array =>
      new ByteWriter()
        .bytes(MAGIC)
        .prefixed(Uint8Array.of(0))
        .prefixed(Uint8Array.of(2, 0, 0, 0, ...inputs))
        .uint8(0)
        .finish();
    expect(refusal(() => parsePsbt(transaction(Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x7f))))).toBe(
      'transaction_malformed',
    );
    expect(refusal(() => parsePsbt(transaction(new Uint8Array(9).fill(0xff))))).toBe('transaction_malformed');
    // The same number in a longer form than it needs.
    expect(refusal(() => parsePsbt(transaction(Uint8Array.of(0xfd, 0x01, 0x00))))).toBe(
      'transaction_malformed',
    );
  });

  it('refuses hundreds of thousands of entries', () => {
    const writer = new ByteWriter().bytes(MAGIC);
    for (let i = 0; i < 300_000; i++) {
      writer.compactSize(5).uint8(0xee).uint32(i).compactSize(0);
    }
    expect(refusal(() => parsePsbt(writer.uint8(0).finish()))).toBe('psbt_malformed');
  });

  it('refuses base 64 with blanks, other alphabets, or padding amiss', () => {
    const text = Buffer.from(sample).toString('base64');
    expect(refusal(() => parsePsbtBase64(text))).toBe('accepted');
    for (const wrong of [` ${text}`, `${text}\n`, text.replaceAll('+', '-'), `${text}====`, `${text}A`]) {
      if (wrong !== text) expect(refusal(() => parsePsbtBase64(wrong))).toBe('psbt_malformed');
    }
  });
});
