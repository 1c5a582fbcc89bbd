import fc from 'fast-check';
import { address as bitcoinjsAddress } from 'bitcoinjs-lib';
import { describe, expect, test } from 'vitest';
import {
  addressOfScript,
  NETWORK_NAMES,
  networkOf,
  parseAddress,
  parseNetworkName,
  type NetworkName,
} from '../../../src/bitcoin/index.ts';
import { decodeSegwit, encodeSegwit } from '../../../src/bitcoin/addresses/segwit.ts';
import { expectRefusal, refusal } from '../refusals.ts';
import { fromHex, readVectors, toHex } from '../vectors.ts';

interface SegwitVectors {
  readonly validStrings: readonly string[];
  readonly invalidStrings: readonly { readonly text: string; readonly reason: string }[];
  readonly validAddresses: readonly { readonly address: string; readonly scriptPubKey: string }[];
  readonly invalidAddresses: readonly { readonly address: string; readonly reason: string }[];
}

const bip173 = readVectors('bips/bip-0173.json') as SegwitVectors;
const bip350 = readVectors('bips/bip-0350.json') as SegwitVectors;

function networkOfPrefix(address: string): NetworkName {
  return address.toLowerCase().startsWith('bc1') ? 'mainnet' : 'testnet';
}

describe('BIP350 (and BIP173) segwit addresses', () => {
  test.each(bip350.validAddresses)('$address', ({ address, scriptPubKey }) => {
    const network = networkOfPrefix(address);
    const decoded = decodeSegwit(address);
    if (typeof decoded === 'string') throw new Error(decoded);
    const { prefix, version, program } = decoded;
    const opcode = version === 0 ? 0 : 0x50 + version;
    expect(toHex(Uint8Array.of(opcode, program.length, ...program))).toBe(scriptPubKey);
    expect(encodeSegwit(prefix, version, program)).toBe(address.toLowerCase());
    if (version === 0 || (version === 1 && program.length === 32)) {
      const parsed = parseAddress(address, network);
      expect(toHex(parsed.scriptPubKey)).toBe(scriptPubKey);
      expect(parsed.text).toBe(address.toLowerCase());
      expect(addressOfScript(fromHex(scriptPubKey), network)).toEqual(parsed);
    } else {
      const error = expectRefusal('address_witness_version_unsupported', () =>
        parseAddress(address, network),
      );
      expect(error.details).toEqual({ version, programBytes: program.length });
      expect(addressOfScript(fromHex(scriptPubKey), network)).toBeNull();
    }
  });

  test.each([...bip173.invalidAddresses, ...bip350.invalidAddresses])(
    'invalid: $address ($reason)',
    ({ address, reason }) => {
      const { code } = refusal(() => parseAddress(address, networkOfPrefix(address)));
      if (reason.startsWith('Mixed case')) expect(code).toBe('address_mixed_case');
      else if (reason.startsWith('Invalid checksum')) expect(code).toBe('address_checksum_mismatch');
      else expect(code).toMatch(/^address_(malformed|checksum_mismatch|witness_program_invalid)$/);
    },
  );

  // BIP350 changed the checksum of versions above zero: BIP173's examples of them are now typing errors.
  test.each(bip173.validAddresses)('BIP173: $address', ({ address, scriptPubKey }) => {
    const network = networkOfPrefix(address);
    if (scriptPubKey.startsWith('00')) {
      expect(toHex(parseAddress(address, network).scriptPubKey)).toBe(scriptPubKey);
    } else {
      expectRefusal('address_checksum_mismatch', () => parseAddress(address, network));
    }
  });

  // No such string is an address; the valid ones fail for what they hold, the others already as strings.
  test.each([...bip173.validStrings, ...bip350.validStrings])(
    'a checksum alone is no address: %s',
    (text) => {
      expect(typeof decodeSegwit(text)).toBe('string');
      expectRefusal('address_malformed', () => parseAddress(text, 'mainnet'));
    },
  );

  test.each([...bip173.invalidStrings, ...bip350.invalidStrings])('no bech32 string: $reason', ({ text }) => {
    expect(typeof decodeSegwit(text)).toBe('string');
    expect(refusal(() => parseAddress(text, 'mainnet')).code).toMatch(/^address_(malformed|too_long)$/);
  });
});

const program = fc
  .constantFrom(20, 32)
  .chain((bytes) => fc.uint8Array({ minLength: bytes, maxLength: bytes }));
const network = fc.constantFrom(...NETWORK_NAMES);
const script = fc.oneof(
  program.map((bytes) => Uint8Array.of(0, bytes.length, ...bytes)),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => Uint8Array.of(0x51, 32, ...key)),
  fc.uint8Array({ minLength: 20, maxLength: 20 }).map((hash) => Uint8Array.of(0xa9, 20, ...hash, 0x87)),
  fc
    .uint8Array({ minLength: 20, maxLength: 20 })
    .map((hash) => Uint8Array.of(0x76, 0xa9, 20, ...hash, 0x88, 0xac)),
);

describe('every address', () => {
  test('reads back to its script, as bitcoinjs-lib writes it', () => {
    fc.assert(
      fc.property(script, network, (scriptPubKey, name) => {
        const address = addressOfScript(scriptPubKey, name);
        if (address === null) throw new Error('no address');
        expect(parseAddress(address.text, name)).toEqual(address);
        if (address.type !== 'p2tr') {
          expect(address.text).toBe(
            bitcoinjsAddress.fromOutputScript(scriptPubKey, networkOf(name).bitcoinjs),
          );
        }
        if (/^(bc|tb|bcrt)1/.test(address.text)) {
          expect(parseAddress(address.text.toUpperCase(), name)).toEqual(address);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('is refused on another network, with its own networks named', () => {
    fc.assert(
      fc.property(script, network, network, (scriptPubKey, name, other) => {
        const text = addressOfScript(scriptPubKey, name)?.text ?? '';
        const sameText = addressOfScript(scriptPubKey, other)?.text === text;
        if (sameText) {
          expect(parseAddress(text, other).network).toBe(other);
          return;
        }
        const error = expectRefusal('address_wrong_network', () => parseAddress(text, other));
        expect(error.details['expected']).toBe(other);
        expect(error.details['found']).toContain(name);
        expect(error.message).toContain(name);
      }),
      { numRuns: 100 },
    );
  });

  test('is refused with one character changed, left out or put in', () => {
    const letters = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ -';
    const how = fc.constantFrom('change', 'remove', 'insert');
    fc.assert(
      fc.property(
        script,
        network,
        fc.nat(),
        fc.constantFrom(...Array.from(letters)),
        how,
        (scriptPubKey, name, seed, letter, what) => {
          const text = addressOfScript(scriptPubKey, name)?.text ?? '';
          const at = seed % text.length;
          const rest = text.slice(what === 'insert' ? at : at + 1);
          const corrupted = text.slice(0, at) + (what === 'remove' ? '' : letter) + rest;
          fc.pre(corrupted !== text);
          expect(refusal(() => parseAddress(corrupted, name)).code).toMatch(/^address_/);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('is refused in mixed case', () => {
    fc.assert(
      fc.property(program, network, fc.nat(), (bytes, name, seed) => {
        const text = addressOfScript(Uint8Array.of(0, bytes.length, ...bytes), name)?.text ?? '';
        const letters = [...text.matchAll(/[a-z]/g)].map(({ index }) => index);
        const at = letters[seed % letters.length] ?? 0;
        const mixed = text.slice(0, at) + text.charAt(at).toUpperCase() + text.slice(at + 1);
        expectRefusal('address_mixed_case', () => parseAddress(mixed, name));
      }),
      { numRuns: 100 },
    );
  });

  test('of a future witness version is refused by name', () => {
    const version = fc.integer({ min: 1, max: 16 });
    const future = fc.uint8Array({ minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(version, future, network, (number, bytes, name) => {
        fc.pre(number !== 1 || bytes.length !== 32);
        const text = encodeSegwit(networkOf(name).bech32Prefix, number, bytes);
        const error = expectRefusal('address_witness_version_unsupported', () => parseAddress(text, name));
        expect(error.details).toEqual({ version: number, programBytes: bytes.length });
        expect(addressOfScript(Uint8Array.of(0x50 + number, bytes.length, ...bytes), name)).toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  test('any text at all is answered with a code', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 120 }),
        fc.constantFrom('', 'bc1', 'bcrt1', '3', '1', 'tb1q'),
        (text, start) => {
          expect(refusal(() => parseAddress(start + text, 'mainnet')).code).toMatch(/^address_/);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('base 58 and the edges', () => {
  test('BIP67 addresses read to the hash of their script', () => {
    const vectors = readVectors('bips/bip-0067.json') as readonly { readonly address: string }[];
    for (const { address } of vectors) {
      const parsed = parseAddress(address, 'mainnet');
      expect(parsed.type).toBe('p2sh');
      expect(addressOfScript(parsed.scriptPubKey, 'mainnet')?.text).toBe(address);
    }
  });

  test.each([
    ['address_empty', ''],
    ['address_too_long', 'b'.repeat(91)],
    ['address_too_long', 'x'.repeat(5_000_000)],
    ['address_malformed', ' bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    ['address_malformed', 'bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    ['address_malformed', 'ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9'],
    ['address_malformed', '5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss'],
    ['address_checksum_mismatch', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb'],
    ['address_malformed', 'LaMT348PWRnrqeeWArpwQPbuanpXDZGEUz'],
  ] as const)('%s', (code, text) => {
    expectRefusal(code, () => parseAddress(text, 'mainnet'));
  });

  test('scripts without an address that we would pay', () => {
    for (const hex of [
      '',
      '6a',
      '6a0401020304',
      '51024e73',
      `0021${'00'.repeat(33)}`,
      `21${'02'.repeat(33)}ac`,
    ]) {
      expect(addressOfScript(fromHex(hex), 'mainnet')).toBeNull();
    }
  });

  test('networks are named one way', () => {
    for (const name of NETWORK_NAMES) expect(parseNetworkName(name)).toBe(name);
    for (const name of ['', 'main', 'Mainnet', 'bitcoin', 'constructor']) {
      expectRefusal('network_unknown', () => parseNetworkName(name));
    }
  });
});
