import { expect, it } from 'vitest';
import { FingerprintSet } from '../../../src/chain/follower/fingerprint-set.ts';
import { KeyedFingerprint } from '../../../src/chain/follower/keyed-fingerprint.ts';
import { numberedScript } from '../support/followed-chain.ts';

it('finds every one of many scripts, no stranger, in bounded memory', () => {
  const set = new FingerprintSet();
  const count = 100_000;
  for (let i = 0; i < count; i++) set.add(numberedScript(i));
  for (let i = 0; i < count; i++) expect(set.has(numberedScript(i))).toBe(true);
  for (let i = count; i < 2 * count; i++) expect(set.has(numberedScript(i))).toBe(false);
  set.add(numberedScript(0));
  expect(set.size).toBe(count);
  expect(set.memoryBytes).toBeLessThanOrEqual(32 * count);
});

it('finds a script inside other bytes', () => {
  const set = new FingerprintSet();
  set.add(numberedScript(7));
  const within = Buffer.concat([Buffer.alloc(13, 1), numberedScript(7), Buffer.alloc(5, 2)]);
  expect(set.has(within, 13, 34)).toBe(true);
  expect(set.has(within, 12, 34)).toBe(false);
});

// The first of vectors.h of the reference implementation of SipHash (veorq/SipHash, CC0): key 0 … 7, no message.
it('computes HalfSipHash as its authors do', () => {
  const fingerprint = new KeyedFingerprint(0x03020100, 0x07060504);
  fingerprint.compute(new Uint8Array(0), 0, 0);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(fingerprint.low, 0);
  bytes.writeUInt32LE(fingerprint.high, 4);
  expect(bytes.toString('hex')).toBe('218d1f59b9b83cc8');
});
