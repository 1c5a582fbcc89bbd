import { describe, expect, it } from 'vitest';
import { openEnvelope, sealEnvelope } from '../../src/keyring/index.ts';
import { fixtureMasters } from '../fixtures/masters.ts';
import { refusalCode } from './refusals.ts';

describe('nested envelopes', () => {
  it('refuse every flipped bit at every byte, and every cut', () => {
    const context = { keyId: '0'.repeat(32), role: 'backup', fingerprint: '00000000', network: 'mainnet' };
    const masters = fixtureMasters();
    const blob = sealEnvelope(Buffer.alloc(32, 7), context, masters);
    for (let position = 0; position < blob.length; position++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(blob);
        flipped[position]! ^= 1 << bit;
        expect(refusalCode(() => openEnvelope(flipped, context, masters))).not.toBe('accepted');
      }
      const cut = blob.subarray(0, position);
      expect(refusalCode(() => openEnvelope(cut, context, masters))).not.toBe('accepted');
    }
  });
});
