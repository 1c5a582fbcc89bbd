import { z } from 'zod';
import { hash32, idText, instant, networkName } from './fields-contract.ts';
import { publicKeySchema, signatureSchema } from './signature-contract.ts';

/** More than any institution restricts, and a few megabytes. */
const MAX_NAMED = 200_000;

/**
 * The platform signer's word on what it refuses at the moment, for stations, which cannot ask it. Whoever carries
 * bundles to a station carries the newest one along.
 */
export const freezeStatusSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('freeze status'),
    network: networkName,
    /** Of the entry in the signer's journal: each status has a higher one than those before, restored or not. */
    number: z.int().min(1),
    issuedAt: instant,
    /** The circuit breaker that has tripped: nothing is signed for anybody. */
    breaker: idText('restriction').nullable(),
    /** Customers for whom nothing is signed, ascending. */
    restricted: z.array(idText('customer')).max(MAX_NAMED),
    /** What it never signs, of intents that may still be current: their hashes, and txids of what was built for them. */
    givenUp: z.strictObject({
      intents: z.array(hash32).max(MAX_NAMED),
      transactions: z.array(hash32).max(MAX_NAMED),
    }),
  }),
  attestedBy: publicKeySchema,
  signature: signatureSchema,
});

export type FreezeStatus = z.infer<typeof freezeStatusSchema>;
