import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchTotp, totpCode, totpStep, totpUri } from '../../src/identity/totp.ts';

// RFC 6238 appendix B, the SHA-1 rows: secret "12345678901234567890", eight digits.
const SECRET = Buffer.from('12345678901234567890');

test.each([
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
])('the published code at %i seconds', (seconds, code) => {
  expect(totpCode(SECRET, totpStep(seconds * 1000), 8)).toBe(code);
});

test('a code is taken within one step either way, once, and never a step that is past', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100_000, max: 4_000_000_000 }),
      fc.integer({ min: -4, max: 4 }),
      (seconds, off) => {
        const nowMs = seconds * 1000;
        const step = totpStep(nowMs) + BigInt(off);
        const matched = matchTotp(SECRET, totpCode(SECRET, step), nowMs, null);
        if (Math.abs(off) <= 1) expect(matched).not.toBeNull();
        if (matched !== null) {
          const again = matchTotp(SECRET, totpCode(SECRET, matched), nowMs, matched);
          expect(again === null || again > matched).toBe(true);
        }
      },
    ),
  );
});

test('what is no code of six digits never fits', () => {
  for (const code of ['', '12345', '1234567', '١٢٣٤٥٦', '000000 ']) {
    expect(matchTotp(SECRET, code, 59_000, null)).toBeNull();
  }
});

test('the key URI carries the secret in base 32 and names the account', () => {
  expect(totpUri(SECRET, 'ada@example.com')).toBe(
    'otpauth://totp/Trilock%3Aada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Trilock',
  );
});
