import { z } from 'zod';
import { parseId, parseSatoshis, type IdKind } from '../shared/index.ts';

// Fields of documents that are hashed and signed. They stay strings: what is signed is the text as it stands.

/** 32 bytes, lower-case hex. */
export const hash32 = z.string().regex(/^[0-9a-f]{64}$/);

/** An instant, UTC, milliseconds: `2026-01-31T12:00:00.000Z`, the one spelling. */
export const instant = z.string().refine(
  (text) => {
    const time = Date.parse(text);
    return !Number.isNaN(time) && new Date(time).toISOString() === text;
  },
  { error: 'an instant reads 2026-01-31T12:00:00.000Z' },
);

function accepted(parse: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      parse(text);
      return true;
    } catch {
      return false;
    }
  };
}

/** A decimal string of satoshis, 0 … 21 million bitcoin. */
export const satoshiText = z
  .string()
  .refine(accepted(parseSatoshis), { error: 'whole satoshis in decimal digits' });

export function idText(kind: IdKind) {
  return z.string().refine(
    accepted((text) => parseId(kind, text)),
    { error: `the id of a ${kind}` },
  );
}

export const networkName = z.enum(['mainnet', 'testnet', 'signet', 'regtest']);

/** A short text without control characters, so that no display can be steered by it. */
export const plainText = z
  .string()
  .max(200)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, { error: 'text without control characters' });

/** Bytes in base64url without padding. */
export const base64Url = z.string().regex(/^[A-Za-z0-9_-]*$/);
