import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifySignature } from '../../src/intents/index.ts';
import { openAes, TAG_BYTES } from '../../src/keyring/aes-gcm.ts';
import { unwrapRsa } from '../../src/keyring/rsa-oaep.ts';

interface Case {
  readonly tcId: number;
  readonly result: 'valid' | 'invalid';
  readonly flags: readonly string[];
  readonly msg: string;
}
interface Vectors<Group, Test extends Case> {
  readonly testGroups: readonly (Group & { readonly tests: readonly Test[] })[];
}

function read<Group, Test extends Case>(name: string): Vectors<Group, Test>['testGroups'] {
  const path = join(import.meta.dirname, '../vectors/wycheproof', `${name}.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as Vectors<Group, Test>).testGroups;
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('Wycheproof', () => {
  test('RSA-OAEP 4096 with SHA-256 and MGF1-SHA-256 has its published results', () => {
    const groups = read<{ privateKeyPem: string }, Case & { ct: string; label: string }>(
      'rsa_oaep_4096_sha256_mgf1sha256_test',
    );
    let cases = 0;
    for (const { privateKeyPem, tests } of groups) {
      const key = createPrivateKey(privateKeyPem);
      for (const { tcId, msg, ct, label, result } of tests) {
        cases++;
        // Envelopes have an empty label, so what carries another one is refused like any forgery.
        const expected = result === 'valid' && label === '' ? msg : undefined;
        expect([tcId, unwrapRsa(key, hex(ct))?.toString('hex')]).toEqual([tcId, expected]);
      }
    }
    expect(cases).toBe(37);
  });

  test('RSA-OAEP 4096 with MGF1-SHA-1 is refused in every case', () => {
    const groups = read<{ privateKeyPem: string }, Case & { ct: string }>(
      'rsa_oaep_4096_sha256_mgf1sha1_test',
    );
    let cases = 0;
    for (const { privateKeyPem, tests } of groups) {
      const key = createPrivateKey(privateKeyPem);
      for (const { tcId, ct } of tests) {
        cases++;
        expect([tcId, unwrapRsa(key, hex(ct))]).toEqual([tcId, undefined]);
      }
    }
    expect(cases).toBe(32);
  });

  test('AES-256-GCM with nonces of 96 bits has its published results', () => {
    const groups = read<
      { ivSize: number; keySize: number; tagSize: number },
      Case & { key: string; iv: string; aad: string; ct: string; tag: string }
    >('aes_gcm_test');
    let cases = 0;
    for (const { ivSize, keySize, tagSize, tests } of groups) {
      if (ivSize !== 96 || keySize !== 256 || tagSize !== TAG_BYTES * 8) continue;
      for (const { tcId, key, iv, aad, ct, tag, msg, result } of tests) {
        cases++;
        const opened = openAes(hex(key), hex(iv + ct + tag), hex(aad))?.toString('hex');
        expect([tcId, opened]).toEqual([tcId, result === 'valid' ? msg : undefined]);
      }
    }
    expect(cases).toBe(66);
  });
});

describe('Wycheproof RSA-PSS 4096, SHA-256, salt 32', () => {
  const groups = read<{ publicKeyDer: string }, Case & { sig: string }>('rsa_pss_4096_sha256_mgf1_32_test');

  test('has its published results with WebCrypto, as statements are verified', async () => {
    // Statements are signed as 32-byte digests; the algorithm below is that of verifySignature, over any message.
    const wrong: number[] = [];
    let cases = 0;
    for (const { publicKeyDer, tests } of groups) {
      const publicKey = {
        algorithm: 'rsa-pss-sha256',
        spki: hex(publicKeyDer).toString('base64url'),
      } as const;
      for (const { tcId, msg, sig, result } of tests) {
        cases++;
        const signature = {
          algorithm: 'rsa-pss-sha256',
          signature: hex(sig).toString('base64url'),
        } as const;
        const valid = await verifySignature(publicKey, hex(msg), signature).then(
          () => true,
          () => false,
        );
        if (valid !== (result === 'valid')) wrong.push(tcId);
      }
    }
    expect(wrong).toEqual([]);
    expect(cases).toBe(108);
  });
});
