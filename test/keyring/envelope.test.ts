import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openEnvelope, readEnvelope, sealEnvelope, type EnvelopeContext } from '../../src/keyring/index.ts';
import { fixtureMaster, fixtureMasters } from '../fixtures/masters.ts';
import { expectRefusal, refusalCode } from './refusals.ts';

const context: EnvelopeContext = {
  keyId: '00112233445566778899aabbccddeeff',
  role: 'cold',
  fingerprint: 'd34db33f',
  network: 'regtest',
};
const masters = fixtureMasters();
const secret = Buffer.from('5ec3e75ec3e75ec3e75ec3e75ec3e75ec3e75ec3e75ec3e75ec3e75ec3e75ec3', 'hex');
const blob = sealEnvelope(secret, context, masters);

describe('nested envelopes', () => {
  it('open with both masters, for the key that they name', () => {
    expect(openEnvelope(blob, context, masters).equals(secret)).toBe(true);
    for (const bytes of [16, 32, 64]) {
      const other = randomBytes(bytes);
      expect(openEnvelope(sealEnvelope(other, context, masters), context, masters).equals(other)).toBe(true);
    }
  });

  it('say for which key and master they are, and nothing of the secret', () => {
    expect(readEnvelope(blob)).toEqual({ context, outerMaster: masters.outer.fingerprint });
    expect(blob.includes(secret)).toBe(false);
    expect(blob.includes(secret.subarray(0, 8))).toBe(false);
    // The inner master is not told to who lacks the outer one.
    expect(blob.includes(Buffer.from(masters.inner.fingerprint, 'hex'))).toBe(false);
  });

  it('are different each time', () => {
    expect(sealEnvelope(secret, context, masters).equals(blob)).toBe(false);
  });

  it('need both masters, each in its place', async () => {
    const { inner, outer } = masters;
    const stranger = fixtureMaster('key-3');
    for (const wrong of [
      { inner: outer, outer: inner },
      { inner, outer: stranger },
      { inner: stranger, outer },
      { inner: outer, outer },
    ]) {
      await expectRefusal('envelope_for_other_masters', () => openEnvelope(blob, context, wrong));
    }
  });

  it('refuse one master in both places', async () => {
    const { inner } = masters;
    await expectRefusal('masters_not_distinct', () => sealEnvelope(secret, context, { inner, outer: inner }));
  });

  it('refuse a master that only claims the fingerprint', async () => {
    const stranger = { ...fixtureMaster('key-3'), fingerprint: masters.outer.fingerprint };
    await expectRefusal('envelope_damaged', () =>
      openEnvelope(blob, context, { ...masters, outer: stranger }),
    );
    const inner = { ...fixtureMaster('key-3'), fingerprint: masters.inner.fingerprint };
    await expectRefusal('envelope_damaged', () => openEnvelope(blob, context, { ...masters, inner }));
  });

  it('refuse a blob that was moved to another key’s name, role, fingerprint or network', async () => {
    for (const change of [
      { keyId: '00112233445566778899aabbccddeef0' },
      { role: 'backup' },
      { fingerprint: 'd34db33e' },
      { network: 'mainnet' },
    ]) {
      const expected = { ...context, ...change };
      await expectRefusal('envelope_for_another_key', () => openEnvelope(blob, expected, masters));
      // Nor does it help to rewrite the name that stands in the clear.
      const [field, value] = Object.entries(change)[0]!;
      const old = Buffer.from(`"${field}":"${context[field as keyof EnvelopeContext]}"`);
      const at = blob.indexOf(old);
      const renamed = Buffer.concat([
        blob.subarray(0, at),
        Buffer.from(`"${field}":"${value}"`),
        blob.subarray(at + old.length),
      ]);
      renamed.writeUInt16BE(blob.readUInt16BE(5) + renamed.length - blob.length, 5);
      expect(readEnvelope(renamed).context).toEqual(expected);
      await expectRefusal('envelope_damaged', () => openEnvelope(renamed, expected, masters));
    }
  });

  it('refuse the inner layer of another key of the same masters', async () => {
    const other = { ...context, keyId: 'ffffffffffffffffffffffffffffffff' };
    const theirs = sealEnvelope(randomBytes(32), other, masters);
    const spliced = Buffer.concat([blob.subarray(0, blob.length - 632), theirs.subarray(-632)]);
    await expectRefusal('envelope_damaged', () => openEnvelope(spliced, context, masters));
  });

  it('refuse a flipped bit, at every byte of the head and samples of the rest', () => {
    const codes = new Set<string>();
    for (let position = 0; position < blob.length; position++) {
      // What only the masters can judge costs an RSA operation each; all of it is in the deep tier.
      if (position > 180 && position % 32 !== 0) continue;
      const flipped = Buffer.from(blob);
      flipped[position]! ^= 1 << (position % 8);
      codes.add(refusalCode(() => openEnvelope(flipped, context, masters)));
    }
    expect([...codes].sort()).toEqual([
      'envelope_damaged',
      'envelope_for_another_key',
      'envelope_for_other_masters',
      'envelope_malformed',
      'envelope_version_unknown',
    ]);
  });

  it('refuse to be cut off at any byte, or continued', () => {
    for (let length = 0; length < blob.length; length++) {
      // Every length of the head, and every 64th of what only the masters can judge.
      if (length > 700 && length % 64 !== 0) continue;
      expect(['envelope_malformed', 'envelope_damaged']).toContain(
        refusalCode(() => openEnvelope(blob.subarray(0, length), context, masters)),
      );
    }
    const longer = Buffer.concat([blob, Buffer.from([0])]);
    expect(refusalCode(() => openEnvelope(longer, context, masters))).toBe('envelope_damaged');
    expect(refusalCode(() => readEnvelope(Buffer.alloc(1_000_000)))).toBe('envelope_malformed');
  });

  it('refuse names that are none, and secrets of a wrong length', async () => {
    for (const change of [
      { keyId: '../../etc' },
      { role: 'Cold' },
      { fingerprint: 'd34db3' },
      { network: '' },
    ]) {
      await expectRefusal('envelope_context_invalid', () =>
        sealEnvelope(secret, { ...context, ...change }, masters),
      );
    }
    for (const bytes of [0, 15, 65]) {
      await expectRefusal('secret_invalid', () => sealEnvelope(Buffer.alloc(bytes), context, masters));
    }
  });
});
