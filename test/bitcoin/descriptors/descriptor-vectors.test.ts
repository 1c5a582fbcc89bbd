import { describe, expect, test } from 'vitest';
import { addDescriptorChecksum, parseDescriptor } from '../../../src/bitcoin/index.ts';
import { descriptorChecksum, removeDescriptorChecksum } from '../../../src/bitcoin/descriptors/checksum.ts';
import { multisigScript, sortPublicKeys } from '../../../src/bitcoin/descriptors/multisig-script.ts';
import { parseKeyExpression } from '../../../src/bitcoin/keys/key-expression.ts';
import { PublicChildren } from '../../../src/bitcoin/keys/public-children.ts';
import { parseExtendedPublicKey } from '../../../src/bitcoin/index.ts';
import { expectRefusal, refusal } from '../refusals.ts';
import { fromHex, readVectors, toHex } from '../vectors.ts';

interface Named {
  readonly name: string;
  readonly descriptor: string;
}
interface ScriptVectors {
  readonly valid: readonly { readonly descriptor: string; readonly scripts: readonly string[] }[];
  readonly invalid: readonly Named[];
}
interface MultipathVectors {
  readonly valid: readonly { readonly descriptor: string; readonly expansions: readonly string[] }[];
  readonly invalid: readonly Named[];
}

const bip380 = readVectors('bips/bip-0380.json') as { readonly checksums: readonly Named[] };
const bip383 = readVectors('bips/bip-0383.json') as ScriptVectors;
const bip389 = readVectors('bips/bip-0389.json') as MultipathVectors;
const scriptVectors = ['0381', '0382', '0383'].map(
  (bip) => [`BIP${Number(bip)}`, readVectors(`bips/bip-${bip}.json`) as ScriptVectors] as const,
);

describe('BIP380 checksums', () => {
  const codes: Readonly<Record<string, string>> = {
    'No checksum': 'descriptor_checksum_missing',
    'Missing checksum': 'descriptor_checksum_malformed',
    'Too long checksum (9 chars)': 'descriptor_checksum_malformed',
    'Too short checksum (7 chars)': 'descriptor_checksum_malformed',
    'Error in payload': 'descriptor_checksum_mismatch',
    'Error in checksum': 'descriptor_checksum_mismatch',
    'Invalid characters in payload': 'descriptor_character_invalid',
  };

  test.each(bip380.checksums)('$name', ({ name, descriptor }) => {
    if (name === 'Valid checksum') {
      expect(removeDescriptorChecksum(descriptor)).toBe('raw(deadbeef)');
      expect(addDescriptorChecksum('raw(deadbeef)')).toBe(descriptor);
    } else {
      expect(refusal(() => removeDescriptorChecksum(descriptor)).code).toBe(codes[name]);
    }
  });

  test('a wrong checksum is answered without the right one', () => {
    const error = expectRefusal('descriptor_checksum_mismatch', () =>
      removeDescriptorChecksum('raw(deadbeef)#qqqqqqqq'),
    );
    expect(JSON.stringify([error.message, error.details, error.internal])).not.toContain(
      descriptorChecksum('raw(deadbeef)'),
    );
  });
});

/** What a form is called when it is refused; miniscript stands for all that only miniscript can read. */
function formOf(descriptor: string): string {
  const [outer = '', inner = ''] = descriptor.split('(');
  if (outer === 'wsh') return ['multi', 'pk', 'pkh'].includes(inner) ? `wsh(${inner}())` : 'miniscript';
  return outer === 'sh' && /^(wsh|wpkh|multi|pkh|pk|sh)$/.test(inner) ? `sh(${inner}())` : `${outer}()`;
}

describe.each(scriptVectors)('%s descriptors are refused by name', (_bip, { valid, invalid }) => {
  test.each([...valid, ...invalid])('$descriptor', ({ descriptor }) => {
    const error = refusal(() => parseDescriptor(addDescriptorChecksum(descriptor), 'mainnet'));
    const holdsSecret = /prv|[^0-9A-Za-z][5KL][1-9A-HJ-NP-Za-km-z]{50,51}[^0-9A-Za-z]/.test(descriptor);
    if (holdsSecret) {
      expect(error.code).toBe('private_key_refused');
      expect(error.details).toEqual({});
    } else if (descriptor.startsWith('wsh(0')) {
      expect(error.code).toBe('descriptor_unsupported');
    } else {
      expect(error.code).toBe('descriptor_unsupported');
      expect(error.details).toEqual({ form: formOf(descriptor) });
    }
  });
});

/** The keys of a `sortedmulti(…)` at one index, by this library's parts. */
function sortedMultiAt(descriptor: string, index: number): string {
  const [threshold, ...texts] = descriptor.slice('sortedmulti('.length, -1).split(',');
  const keys = texts.map((text) => {
    const { key, steps, wildcard } = parseKeyExpression(text, 'mainnet');
    if (key instanceof Uint8Array) return key;
    const path = [...steps.map(Number), ...(wildcard === 'unhardened' ? [index] : [])];
    return path.reduce<{ publicKey: Uint8Array; chainCode: Uint8Array }>(
      (parent, step) => new PublicChildren(parent).child(step),
      key,
    ).publicKey;
  });
  return toHex(multisigScript(Number(threshold), sortPublicKeys(keys)));
}

describe('BIP383 sortedmulti over extended keys', () => {
  const vectors = bip383.valid.filter(({ descriptor }) => /^sortedmulti\(.*xpub/.test(descriptor));

  test.each(vectors)('$descriptor', ({ descriptor, scripts }) => {
    expect(scripts).toHaveLength(3);
    expect(scripts.map((_, index) => sortedMultiAt(descriptor, index))).toEqual(scripts);
  });

  test('there is such a vector', () => {
    expect(vectors).toHaveLength(1);
  });
});

describe('BIP389 multipath', () => {
  const keyExpressions = (descriptor: string): string[] =>
    descriptor.match(/(?:\[[^\]]*\])?[xt](?:pub|prv)[0-9A-Za-z]+[^,)}]*/g) ?? [];

  test.each(bip389.valid)('$descriptor', ({ descriptor, expansions }) => {
    const expressions = keyExpressions(descriptor);
    expressions.forEach((expression, position) => {
      if (expression.includes('prv')) return;
      const { steps } = parseKeyExpression(expression, 'mainnet');
      expansions.forEach((expansion, alternative) => {
        const expanded = parseKeyExpression(keyExpressions(expansion)[position] ?? '', 'mainnet');
        const chosen = steps.map((step) => (typeof step === 'number' ? step : step[alternative]));
        expect(chosen).toEqual(expanded.steps);
      });
    });
    expect(expressions.length).toBeGreaterThan(0);
    expect(['descriptor_unsupported', 'private_key_refused']).toContain(
      refusal(() => parseDescriptor(addDescriptorChecksum(descriptor), 'mainnet')).code,
    );
  });

  test.each(bip389.invalid)('invalid: $name', ({ name, descriptor }) => {
    expect(() => parseDescriptor(addDescriptorChecksum(descriptor), 'mainnet')).toThrow();
    // Mismatched lengths are a matter of the whole descriptor; a wallet's keys all have exactly <0;1>.
    if (name.includes('mismatched')) return;
    const [expression = ''] = keyExpressions(descriptor);
    const publicHalf = expression.replace(
      /xprv[0-9A-Za-z]+/,
      'xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB',
    );
    expect(refusal(() => parseKeyExpression(publicHalf, 'mainnet')).code).toMatch(
      /^(derivation_path_malformed|key_expression_malformed|key_origin_malformed)$/,
    );
  });
});

interface Bip67 {
  readonly list: readonly string[];
  readonly sorted: readonly string[];
  readonly script: string;
}

describe('BIP67', () => {
  test.each(readVectors('bips/bip-0067.json') as readonly Bip67[])('$script', ({ list, sorted, script }) => {
    const ordered = sortPublicKeys(list.map(fromHex));
    expect(ordered.map(toHex)).toEqual(sorted);
    expect(toHex(multisigScript(2, ordered))).toBe(script);
  });
});

interface Bip84 {
  readonly accountXpub: string;
  readonly accountXpriv: string;
  readonly addresses: readonly {
    readonly path: string;
    readonly publicKey: string;
    readonly address: string;
  }[];
}

describe('BIP84', () => {
  const { accountXpub, accountXpriv, addresses } = readVectors('bips/bip-0084.json') as Bip84;

  test.each(addresses)('$path', ({ path, publicKey }) => {
    const account = parseExtendedPublicKey(accountXpub, 'mainnet');
    expect(account.text.startsWith('xpub')).toBe(true);
    const [branch = 0, index = 0] = path.split('/').slice(4).map(Number);
    const branchKey = new PublicChildren(account).child(branch);
    expect(toHex(new PublicChildren(branchKey).publicKey(index))).toBe(publicKey);
  });

  test('the private account key is refused', () => {
    expectRefusal('private_key_refused', () => parseExtendedPublicKey(accountXpriv, 'mainnet'));
  });
});
