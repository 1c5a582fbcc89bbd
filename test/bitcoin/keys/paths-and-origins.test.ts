import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bip48Account,
  bip48Path,
  formatDerivationPath,
  formatKeyOrigin,
  parseDerivationPath,
  parseKeyOrigin,
} from '../../../src/bitcoin/index.ts';
import { expectRefusal } from '../refusals.ts';
import { readVectors } from '../vectors.ts';

interface Bip48Example {
  readonly network: 'mainnet' | 'testnet';
  readonly account: 'first' | 'second';
  readonly script: 'p2wsh' | 'p2sh-p2wsh';
  readonly path: string;
}

const examples = readVectors('bips/bip-0048.json') as readonly Bip48Example[];
const path = fc.array(fc.nat(0xffff_ffff), { maxLength: 255 });

describe('derivation paths', () => {
  test('round trip, with or without m', () => {
    fc.assert(
      fc.property(path, (steps) => {
        const text = formatDerivationPath(steps);
        expect(parseDerivationPath(text === '' ? 'm' : `m/${text}`)).toEqual(steps);
        if (text !== '') expect(parseDerivationPath(text.replaceAll('h', "'"))).toEqual(steps);
      }),
    );
  });

  test.each([
    '',
    'm/',
    '/0',
    '0/',
    '0//1',
    'M/0',
    'm/-1',
    'm/01',
    'm/2147483648',
    'm/1H',
    'm/1hh',
    "m/1h'",
    'm/0x1',
    'm/*',
    'm/1.0',
    'm/1e3',
    'm / 0',
    'm/99999999999',
    `m${'/0'.repeat(256)}`,
  ])('refused: %s', (text) => {
    expectRefusal('derivation_path_malformed', () => parseDerivationPath(text));
  });
});

describe('BIP48', () => {
  test.each(examples)('$path', ({ network, account, script, path: text }) => {
    const number = account === 'first' ? 0 : 1;
    const accountPath = parseDerivationPath(text).slice(0, 4);
    if (script === 'p2wsh') {
      expect(bip48Path(network, number)).toEqual(accountPath);
      expect(bip48Account(accountPath, network)).toBe(number);
      const other = network === 'mainnet' ? 'regtest' : 'mainnet';
      expectRefusal('derivation_path_unsupported', () => bip48Account(accountPath, other));
    } else {
      expectRefusal('derivation_path_unsupported', () => bip48Account(accountPath, network));
    }
  });

  test.each(['m', "m/48'/0'/0'", "m/48'/0'/0'/2'/0", "m/48/0'/0'/2'", "m/84'/0'/0'/2'", "m/48'/0'/0/2'"])(
    'refused: %s',
    (text) => {
      expectRefusal('derivation_path_unsupported', () => bip48Account(parseDerivationPath(text), 'mainnet'));
    },
  );

  test('accounts that do not exist', () => {
    for (const account of [-1, 0.5, 0x8000_0000]) {
      expectRefusal('derivation_path_unsupported', () => bip48Path('mainnet', account));
    }
  });
});

describe('key origins', () => {
  test('round trip; both hardened signs and upper-case fingerprints are read', () => {
    const fingerprint = fc.stringMatching(/^[0-9a-f]{8}$/);
    fc.assert(
      fc.property(fingerprint, path, (print, steps) => {
        const text = formatKeyOrigin({ fingerprint: print, path: steps });
        expect(parseKeyOrigin(text)).toEqual({ fingerprint: print, path: steps });
        const other = `[${print.toUpperCase()}${text.slice(9).replaceAll('h', "'")}`;
        expect(formatKeyOrigin(parseKeyOrigin(other))).toBe(text);
      }),
    );
  });

  test.each([
    '',
    '[]',
    'deadbeef',
    '[deadbeef',
    'deadbeef]',
    '[deadbef]',
    '[deadbeeef]',
    '[gaaaaaaa]',
    '[deadbeef/]',
    '[deadbeef/0/]',
    '[deadbeef/*]',
    '[deadbeef/2147483648]',
    '[deadbeef/0H]',
    '[deadbeef][deadbeef]',
    `[deadbeef${'/0'.repeat(256)}]`,
  ])('refused: %s', (text) => {
    expectRefusal('key_origin_malformed', () => parseKeyOrigin(text));
  });
});
