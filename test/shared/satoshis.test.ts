import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MAX_MONEY,
  SharedError,
  addSatoshis,
  applyDelta,
  deltaBetween,
  formatBitcoin,
  formatSatoshis,
  parseSatoshis,
  satoshis,
  subtractSatoshis,
} from '../../src/shared/index.ts';

const amount = fc.bigInt({ min: 0n, max: MAX_MONEY }).map(satoshis);

describe('amounts', () => {
  test('every amount survives its decimal string', () => {
    fc.assert(fc.property(amount, (value) => parseSatoshis(formatSatoshis(value)) === value));
  });

  test('whatever is read has exactly one spelling', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-+ ]?[0-9.eE_]{1,20}$/)), (text) => {
        let value;
        try {
          value = parseSatoshis(text);
        } catch (error) {
          return error instanceof SharedError;
        }
        return formatSatoshis(value) === text;
      }),
    );
  });

  test.each(['', '-0', '-1', '+1', '01', '00', '1.0', '1e3', ' 1', '1 ', '1\n', '0x10', '１', '٣', '1_000'])(
    'refuses %j as malformed',
    (text) =>
      expect(() => parseSatoshis(text)).toThrow(expect.objectContaining({ code: 'amount_malformed' })),
  );

  test('MAX_MONEY is the last amount', () => {
    expect(parseSatoshis('2100000000000000')).toBe(MAX_MONEY);
    expect(() => parseSatoshis('2100000000000001')).toThrow(
      expect.objectContaining({ code: 'amount_out_of_range' }),
    );
    expect(() => satoshis(-1n)).toThrow(expect.objectContaining({ code: 'amount_out_of_range' }));
  });

  test('sums and differences either stay within money or are refused', () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const fits = a + b <= MAX_MONEY;
        if (fits) expect(addSatoshis(a, b)).toBe(a + b);
        else expect(() => addSatoshis(a, b)).toThrow(SharedError);
        if (a >= b) expect(addSatoshis(subtractSatoshis(a, b), b)).toBe(a);
        else expect(() => subtractSatoshis(a, b)).toThrow(SharedError);
      }),
    );
  });

  test('a delta leads from one amount to the other', () => {
    fc.assert(fc.property(amount, amount, (a, b) => applyDelta(a, deltaBetween(a, b)) === b));
  });

  test('the text for people has eight decimals and the value of the amount', () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const delta = deltaBetween(a, b);
        const text = formatBitcoin(delta);
        expect(text).toMatch(/^-?[0-9]+\.[0-9]{8} BTC$/);
        expect(BigInt(text.replace(/[. BTC]/g, ''))).toBe(delta);
        expect(text.startsWith('-')).toBe(delta < 0n);
      }),
    );
  });
});
