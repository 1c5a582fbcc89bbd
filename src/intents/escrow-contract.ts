import { z } from 'zod';
import { base64Url, idText, networkName, plainText } from './fields-contract.ts';

const facts = {
  version: z.literal(1),
  network: networkName,
  wallet: idText('wallet'),
  /** Of the cold key: what the envelope is bound to, with role and network. */
  keyId: z.string().regex(/^[0-9a-f]{32}$/),
  fingerprint: z.string().regex(/^[0-9a-f]{8}$/),
};

/**
 * The cold seed of a collaborative wallet in nested envelopes: the outer one opened by an independent escrow agent,
 * the inner one by the customer's master lock. Made by the cold station, carried by the recovery kit.
 */
export const escrowEnvelopeSchema = z.strictObject({
  purpose: z.literal('escrow envelope'),
  ...facts,
  /** The master lock to which the inner layer is sealed. */
  lock: idText('credential'),
  /** The escrow agent, for people. */
  agent: plainText.min(1),
  blob: base64Url.max(16_384),
});

/** What the agent hands to the customer: the inner layer, which the master lock alone opens. */
export const escrowLayerSchema = z.strictObject({
  purpose: z.literal('escrow layer'),
  ...facts,
  inner: base64Url.max(16_384),
});

export type EscrowEnvelope = z.infer<typeof escrowEnvelopeSchema>;
export type EscrowLayer = z.infer<typeof escrowLayerSchema>;
