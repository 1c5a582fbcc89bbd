import { z } from 'zod';
import { canonicalJson } from '../../shared/index.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * Where a signer stands: how many signatures it has begun, the newest manifest it has loaded, and the head of
 * its chain of consumed and revoked intents. A signer that was restored from an old backup cannot go back
 * behind the statement that its witness holds.
 */
export const witnessStatementSchema = z.strictObject({
  counter: z.int().min(0),
  manifestVersion: z.int().min(0),
  consumedHead: hex32,
});

export type WitnessStatement = z.infer<typeof witnessStatementSchema>;

export const signedStatementSchema = z.strictObject({
  statement: witnessStatementSchema,
  /** The signer's public key: Ed25519, raw, hex. */
  signerKey: hex32,
  /** Ed25519 over `statementBytes('signer', …)`, hex. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});

export type SignedStatement = z.infer<typeof signedStatementSchema>;

/** The bytes that are signed. The party is part of them, so that neither's signature passes for the other's. */
export function statementBytes(
  party: 'signer' | 'witness',
  signerKey: string,
  statement: WitnessStatement,
): Uint8Array {
  return new TextEncoder().encode(
    canonicalJson({ purpose: `trilock ${party} statement 1`, signerKey, ...statement }),
  );
}
