import { z } from 'zod';
import { base64Url, hash32, idText, instant, networkName } from './fields-contract.ts';
import { publicKeySchema, signatureSchema } from './signature-contract.ts';

/**
 * To whom officers seal the platform keys of a customer whose deep freeze is being lifted: a key that the signer has
 * made for this alone.
 */
export const keyTransportSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('key transport'),
    network: networkName,
    customer: idText('customer'),
    restriction: idText('restriction'),
    /** The approved intent that lifts it. */
    intentHash: hash32,
    /** From when on the signer takes the keys back. */
    readyAt: instant,
    /** What is to be brought: the keys by their wallets. */
    keys: z
      .array(z.strictObject({ wallet: idText('wallet'), xpub: z.string(), origin: z.string() }))
      .max(10_000),
    /** SubjectPublicKeyInfo of an RSA-4096 key, DER in base64url. */
    spki: base64Url.min(1).max(1_000),
  }),
  attestedBy: publicKeySchema,
  signature: signatureSchema,
});

/** A platform key on its way back: the envelope opens with the transport key alone. */
export const returnedKeySchema = z.strictObject({
  purpose: z.literal('returned key'),
  restriction: idText('restriction'),
  wallet: idText('wallet'),
  envelope: base64Url.min(1).max(12_000),
});

export type KeyTransport = z.infer<typeof keyTransportSchema>;
export type ReturnedKey = z.infer<typeof returnedKeySchema>;
