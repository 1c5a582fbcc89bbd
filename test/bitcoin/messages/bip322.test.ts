import { base64 } from '@scure/base';
import { ECPairFactory } from 'ecpair';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  combineMessageParts,
  deriveAddress,
  parseAddress,
  selectSecp256k1,
  signMessage,
  transactionId,
  verifyMessage,
  type MessagePart,
} from '../../../src/bitcoin/index.ts';
import { curve } from '../../../src/bitcoin/secp256k1/active.ts';
import type { Secp256k1Backend } from '../../../src/bitcoin/secp256k1/backend.ts';
import { encodeScriptSignature, publicKeyOf, signDigest } from '../../../src/bitcoin/secp256k1/signature.ts';
import {
  formatSimpleSignature,
  parseMessageSignature,
} from '../../../src/bitcoin/messages/message-signature.ts';
import { messageHash, toSign, toSpend } from '../../../src/bitcoin/messages/message-transactions.ts';
import { witnessV0Sighashes } from '../../../src/bitcoin/transactions/sighash.ts';
import { expectRefusal, refusal } from '../refusals.ts';
import { fixtureKey, fixtureWallet } from '../wallet-fixtures.ts';
import { readVectors, toHex } from '../vectors.ts';

interface Signed {
  readonly message: string;
  readonly address: string;
  readonly type: string;
  readonly private_keys: readonly string[];
  readonly bip322_signatures: readonly string[];
  readonly lock_time?: number;
  readonly sequence?: number;
}
interface Wrong {
  readonly description: string;
  readonly message: string;
  readonly address: string;
  readonly signature: string;
}
interface Bip322 {
  readonly tx_hashes?: readonly {
    readonly message: string;
    readonly address: string;
    readonly message_hash: string;
    readonly to_spend_tx_hash: string;
    readonly to_sign_tx_hash: string;
  }[];
  readonly simple: readonly Signed[];
  readonly full?: readonly Signed[];
  readonly proof_of_funds?: readonly Signed[];
  readonly error: readonly Wrong[];
}

const basic = readVectors('bips/bip-0322-basic-test-vectors.json') as Bip322;
const generated = readVectors('bips/bip-0322-generated-test-vectors.json') as Bip322;
const signed = [basic.simple, generated.simple, generated.full ?? []].flat();

function verify(message: string, address: string, signature: string) {
  return verifyMessage({ message, address, network: 'mainnet', signature });
}

describe('BIP322 transactions', () => {
  test.each(basic.tx_hashes ?? [])('of "$message"', (vector) => {
    const { scriptPubKey } = parseAddress(vector.address, 'mainnet');
    expect(toHex(messageHash(vector.message))).toBe(vector.message_hash);
    expect(transactionId(toSpend(vector.message, scriptPubKey))).toBe(vector.to_spend_tx_hash);
    expect(transactionId(toSign(vector.message, scriptPubKey))).toBe(vector.to_sign_tx_hash);
  });
});

describe.each(['native', 'wasm'] as const)('BIP322 vectors with %s', (backend) => {
  test.each(signed)(
    '$type $address',
    ({ message, address, type, bip322_signatures: signatures, ...times }) => {
      selectSecp256k1(backend);
      for (const signature of signatures) {
        if (/^p2wpkh$|^p2wsh-multisig/.test(type)) {
          expect(verify(message, address, signature)).toEqual({
            address: parseAddress(address, 'mainnet'),
            lockTime: times.lock_time ?? 0,
            sequence: times.sequence ?? 0,
          });
        } else if (type.startsWith('p2wsh')) {
          expectRefusal('message_script_unsupported', () => verify(message, address, signature));
        } else {
          const error = expectRefusal('message_address_unsupported', () =>
            verify(message, address, signature),
          );
          expect(error.details['type']).toBe(/^p2(tr|sh|pkh)/.exec(type)?.[0]);
        }
      }
      selectSecp256k1('auto');
    },
  );

  test.each(signed.filter(({ type }) => type === 'p2wpkh'))(
    '$type $address is among what we sign',
    (vector) => {
      selectSecp256k1(backend);
      if (vector.lock_time !== undefined) return;
      const wif = ECPairFactory as (ecc: Secp256k1Backend) => {
        fromWIF(text: string): { privateKey: Uint8Array };
      };
      const { privateKey } = wif(curve().backend).fromWIF(vector.private_keys[0] ?? '');
      const { scriptPubKey } = parseAddress(vector.address, 'mainnet');
      const scriptCode = Uint8Array.of(0x76, 0xa9, 20, ...scriptPubKey.slice(2), 0x88, 0xac);
      const digest = witnessV0Sighashes(toSign(vector.message, scriptPubKey))(0, scriptCode, 0n);
      const witnesses = [signDigest(digest, privateKey), curve().backend.sign(digest, privateKey)].map(
        (signature) => formatSimpleSignature([encodeScriptSignature(signature, 1), publicKeyOf(privateKey)]),
      );
      expect(vector.bip322_signatures.some((text) => witnesses.includes(text))).toBe(true);
      for (const text of witnesses) verify(vector.message, vector.address, text);
      selectSecp256k1('auto');
    },
  );

  test.each([...basic.error, ...generated.error])(
    'refused: $description',
    ({ message, address, signature }) => {
      selectSecp256k1(backend);
      const { code } = refusal(() => verify(message, address, signature));
      expect(code).toMatch(
        /^message_(signature_malformed|signature_invalid|address_unsupported|script_unsupported)$/,
      );
      if (address.startsWith('bc1q') && address.length === 42) expect(code).toMatch(/^message_signature/);
      selectSecp256k1('auto');
    },
  );
});

describe('proofs of funds', () => {
  test.each(generated.proof_of_funds ?? [])(
    'are refused by name: $type',
    ({ message, bip322_signatures: texts }) => {
      for (const text of texts) {
        const error = expectRefusal('message_signature_unsupported', () =>
          verify(message, 'bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l', text),
        );
        expect(error.details).toEqual({ form: 'proof_of_funds' });
      }
    },
  );
});

const { keys, descriptor } = fixtureWallet('messages', 'mainnet');
const address = deriveAddress(descriptor, 'receive', 3);

function parts(message: string, ...signers: readonly number[]): MessagePart[] {
  return signers.map((signer) =>
    signMessage(keys[signer] ?? fixtureKey('nobody'), descriptor, address, message),
  );
}

describe('messages signed by a wallet, two of three', () => {
  test('any two cosigners, in any order, make a signature that verifies', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.shuffledSubarray([0, 1, 2], { minLength: 2 }),
        (message, signers) => {
          const signature = combineMessageParts(address, message, parts(message, ...signers));
          expect(signature.startsWith('smp')).toBe(true);
          expect(verify(message, address.address, signature).address.text).toBe(address.address);
          expect(verify(message, address.address, signature.slice(3)).lockTime).toBe(0);
          expectRefusal('message_signature_invalid', () => verify(`${message}.`, address.address, signature));
        },
      ),
      { numRuns: 25 },
    );
  });

  test('one cosigner is not enough, nor one twice', () => {
    expectRefusal('message_signatures_insufficient', () => combineMessageParts(address, 'x', parts('x', 1)));
    const error = expectRefusal('message_signatures_insufficient', () =>
      combineMessageParts(address, 'x', parts('x', 1, 1)),
    );
    expect(error.details).toEqual({ needed: 2, given: 1 });
  });

  test('foreign keys and parts of another message are refused', () => {
    expectRefusal('message_signer_foreign', () =>
      signMessage(fixtureKey('stranger', 'mainnet'), descriptor, address, 'x'),
    );
    const [first, second] = parts('x', 0, 1);
    const foreign = {
      publicKey: fixtureKey('stranger').xpub.publicKey,
      signature: first?.signature ?? new Uint8Array(),
    };
    expectRefusal('message_signer_foreign', () =>
      combineMessageParts(address, 'x', [foreign, ...(second === undefined ? [] : [second])]),
    );
    expectRefusal('message_signature_invalid', () => combineMessageParts(address, 'y', parts('x', 0, 1)));
  });

  test('another address of the same wallet is not proven', () => {
    const signature = combineMessageParts(address, 'x', parts('x', 0, 2));
    const other = deriveAddress(descriptor, 'receive', 4).address;
    expectRefusal('message_signature_invalid', () => verify('x', other, signature));
  });

  test('signatures out of the order of their keys are refused, as the script would', () => {
    const signature = parseMessageSignature(combineMessageParts(address, 'x', parts('x', 0, 1)));
    if (signature.form !== 'simple') throw new Error('not simple');
    const [dummy, a, b, script] = signature.witness;
    const swapped = formatSimpleSignature([dummy, b, a, script].map((item) => item ?? new Uint8Array()));
    expectRefusal('message_signature_invalid', () => verify('x', address.address, swapped));
    const twice = formatSimpleSignature([dummy, a, a, script].map((item) => item ?? new Uint8Array()));
    expectRefusal('message_signature_invalid', () => verify('x', address.address, twice));
    const filled = formatSimpleSignature(
      [Uint8Array.of(0), a, b, script].map((item) => item ?? new Uint8Array()),
    );
    expectRefusal('message_signature_invalid', () => verify('x', address.address, filled));
    const missing = formatSimpleSignature([dummy, a, script].map((item) => item ?? new Uint8Array()));
    expectRefusal('message_signature_invalid', () => verify('x', address.address, missing));
  });

  test('another sighash type, a high s and broken DER are refused', () => {
    const signature = parseMessageSignature(combineMessageParts(address, 'x', parts('x', 0, 1)));
    if (signature.form !== 'simple') throw new Error('not simple');
    const [dummy = new Uint8Array(), a = new Uint8Array(), b = new Uint8Array(), script = new Uint8Array()] =
      signature.witness;
    const withA = (item: Uint8Array) => formatSimpleSignature([dummy, item, b, script]);
    expectRefusal('message_signature_invalid', () =>
      verify('x', address.address, withA(Uint8Array.of(...a.slice(0, -1), 0x81))),
    );
    expectRefusal('signature_malformed', () =>
      verify('x', address.address, withA(Uint8Array.of(...a.slice(0, -1), 0x00))),
    );
    expectRefusal('signature_malformed', () => verify('x', address.address, withA(new Uint8Array())));
    const [part] = parts('x', 0);
    const highS = (part?.signature ?? new Uint8Array(64)).slice();
    highS.set(curve().backend.privateNegate(highS.slice(32)), 32);
    expectRefusal('message_signature_invalid', () =>
      verify('x', address.address, withA(encodeScriptSignature(highS, 1))),
    );
  });

  test('a signature with one bit changed or cut short does not verify', () => {
    const text = combineMessageParts(address, 'bits', parts('bits', 0, 1));
    const bytes = base64.decode(text.slice(3));
    for (let bit = 0; bit < bytes.length * 8; bit += 13) {
      const altered = bytes.slice();
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(refusal(() => verify('bits', address.address, `smp${base64.encode(altered)}`)).code).not.toBe(
        '',
      );
    }
    for (let length = 0; length < bytes.length; length += 7) {
      const cut = `smp${base64.encode(bytes.slice(0, length))}`;
      expect(refusal(() => verify('bits', address.address, cut)).code).toMatch(/^message_signature/);
    }
  });

  test('a full form that commits to more than the message is refused', () => {
    const vector = generated.full?.find(({ type }) => type === 'p2wsh-multisig-2of2');
    const text = vector?.bip322_signatures[0] ?? '';
    const bytes = base64.decode(text.slice(3));
    // Version 3: a rule of the future (BIP322 calls it inconclusive).
    const version3 = Uint8Array.of(3, ...bytes.slice(1));
    expectRefusal('message_signature_unsupported', () =>
      verify(vector?.message ?? '', vector?.address ?? '', `ful${base64.encode(version3)}`),
    );
    // Every other byte of the transaction is either compared or signed.
    for (let at = 4; at < bytes.length; at++) {
      const altered = bytes.slice();
      altered[at] = (altered[at] ?? 0) ^ 0x01;
      expect(
        refusal(() => verify(vector?.message ?? '', vector?.address ?? '', `ful${base64.encode(altered)}`))
          .code,
      ).not.toBe('');
    }
  });

  test('messages that are too long or no text are refused, and so are huge signatures', () => {
    expectRefusal('message_too_long', () => parts('x'.repeat(65_537), 0));
    expectRefusal('message_malformed', () => parts('\ud800', 0));
    expectRefusal('message_signature_malformed', () => verify('x', address.address, 'A'.repeat(1_000_000)));
    expectRefusal('message_signature_malformed', () => verify('x', address.address, ''));
    expectRefusal('message_signature_malformed', () => verify('x', address.address, 'ful'));
    expectRefusal('message_signature_malformed', () => verify('x', address.address, `smp/${'/'.repeat(7)}`));
  });
});
