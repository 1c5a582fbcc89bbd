import { describe, expect, test } from 'vitest';
import { parseKeyExpression } from '../../../src/bitcoin/keys/key-expression.ts';
import { refusal } from '../refusals.ts';
import { readVectors } from '../vectors.ts';

interface Expressions {
  readonly validKeyExpressions: readonly { readonly name: string; readonly expression: string }[];
  readonly invalidKeyExpressions: readonly { readonly name: string; readonly expression: string }[];
}

const bip380 = readVectors('bips/bip-0380.json') as Expressions;

describe('BIP380 key expressions', () => {
  test.each(bip380.validKeyExpressions)('valid: $name', ({ name, expression }) => {
    if (/private/i.test(name)) {
      const error = refusal(() => parseKeyExpression(expression, 'mainnet'));
      expect(error.code).toBe('private_key_refused');
      expect(error.message).not.toContain(expression.slice(-20));
      expect(error.details).toEqual({});
      return;
    }
    const parsed = parseKeyExpression(expression, 'mainnet');
    expect(parsed.origin === null).toBe(!expression.startsWith('['));
    expect(parsed.wildcard).toBe(
      expression.endsWith('*h') ? 'hardened' : expression.endsWith('*') ? 'unhardened' : 'none',
    );
    const written = expression
      .slice(expression.indexOf(']') + 1)
      .split('/')
      .slice(1);
    expect(parsed.steps).toEqual(
      written
        .filter((step) => !step.startsWith('*'))
        .map((step) => Number.parseInt(step, 10) + (step.endsWith('h') ? 0x8000_0000 : 0)),
    );
  });

  test.each(bip380.invalidKeyExpressions)('invalid: $name', ({ expression }) => {
    expect(() => parseKeyExpression(expression, 'mainnet')).toThrow();
    expect(refusal(() => parseKeyExpression(expression, 'mainnet')).code).toMatch(
      /^(private_key_refused|key_origin_malformed|key_expression_malformed|derivation_path_malformed|extended_key_malformed)$/,
    );
  });

  test.each(bip380.invalidKeyExpressions.filter(({ expression }) => expression.includes('prv')))(
    'invalid for more than its private key: $name',
    ({ expression }) => {
      const xpub =
        'xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL';
      const publicHalf = expression.replace(/xprv[0-9A-Za-z]+/, xpub);
      expect(refusal(() => parseKeyExpression(publicHalf, 'mainnet')).code).not.toBe('private_key_refused');
    },
  );
});
