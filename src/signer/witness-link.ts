import { z } from 'zod';
import { verifyEd25519 } from './ed25519.ts';
import { SignerError } from './errors.ts';
import { callWire } from './wire/wire-client.ts';
import { statementBytes, witnessStatementSchema, type SignedStatement } from './witness/witness-statement.ts';

const countersignedSchema = z.strictObject({
  signerKey: z.string(),
  statement: witnessStatementSchema,
  witnessKey: z.string().regex(/^[0-9a-f]{64}$/),
  countersignature: z.string().regex(/^[0-9a-f]{128}$/),
});

/** A statement with the witness's verified countersignature. */
export type Countersigned = z.infer<typeof countersignedSchema>;

/** The signer's way to its witness. */
export interface WitnessLink {
  /** The last statement that was countersigned; null for a witness without memory. */
  readonly head: () => Promise<Countersigned | null>;
  readonly countersign: (signed: SignedStatement) => Promise<Countersigned>;
}

const WITNESS_TIMEOUT_MS = 5_000;

function verified(answer: unknown): Countersigned {
  const parsed = countersignedSchema.safeParse(answer);
  if (parsed.success) {
    const { signerKey, statement, witnessKey, countersignature } = parsed.data;
    const bytes = statementBytes('witness', signerKey, statement);
    if (verifyEd25519(witnessKey, bytes, countersignature)) return parsed.data;
  }
  throw new SignerError('witness_key_mismatch', 'The witness’s answer does not carry its signature.');
}

async function reach(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (thrown) {
    if (!(thrown instanceof SignerError) || thrown.code !== 'wire_unreachable') throw thrown;
    throw new SignerError(
      'witness_out_of_reach',
      'The witness does not answer, and nothing is signed without it.',
      {
        retryable: true,
        cause: thrown,
      },
    );
  }
}

/**
 * The witness behind a socket. Its refusals are thrown with their codes.
 * @throws SignerError `witness_out_of_reach` (retryable), `witness_key_mismatch`.
 */
export function witnessLink(target: Parameters<typeof callWire>[0]): WitnessLink {
  return {
    head: async () => {
      const answer = await reach(() => callWire(target, 'head', null, WITNESS_TIMEOUT_MS));
      return answer === null ? null : verified(answer);
    },
    countersign: async (signed) =>
      verified(await reach(() => callWire(target, 'countersign', signed, WITNESS_TIMEOUT_MS))),
  };
}
