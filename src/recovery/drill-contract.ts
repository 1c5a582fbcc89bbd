import { z } from 'zod';
import { idText, instant, networkName, plainText } from '../intents/fields-contract.ts';
import { COSIGNER_ROLES } from '../intents/key-attestation-contract.ts';

const drillId = z.string().regex(/^[0-9a-f]{32}$/);
const MAX_WALLETS = 10_000;

/** `bip322`: the cosigner’s part of a signature for the address; `message`: what a hardware wallet makes of a text. */
const PROOF_FORMS = ['bip322', 'message'] as const;

/** What is carried to a site: which keys are to sign what. It holds nothing secret. */
export const drillRequestSchema = z.strictObject({
  purpose: z.literal('trilock recovery drill'),
  version: z.literal(1),
  /** Random, so that no earlier signature answers it. */
  drill: drillId,
  network: networkName,
  createdAt: instant,
  wallets: z
    .array(
      z.strictObject({
        wallet: idText('wallet'),
        descriptor: z.string().max(2_000),
        /** Of the receive address that the keys sign for. */
        addressIndex: z.int().min(0).max(2_147_483_647),
        keys: z
          .array(
            z.strictObject({
              role: z.enum(COSIGNER_ROLES),
              xpub: z.string().max(120),
              /** Null for a key in a hardware wallet, which signs a text instead. */
              wrappedCopy: z
                .string()
                .regex(/^[a-z0-9-]{1,80}\.envelope$/)
                .nullable(),
            }),
          )
          .min(1)
          .max(3),
      }),
    )
    .min(1)
    .max(MAX_WALLETS),
});

/** What a site sends back: a signature of each key that it could open, and why it could not open the others. */
export const drillAnswerSchema = z.strictObject({
  purpose: z.literal('trilock recovery drill answer'),
  version: z.literal(1),
  drill: drillId,
  /** Which backup site the copies were read from. */
  site: plainText.min(1).max(100),
  provedAt: instant,
  proofs: z
    .array(
      z.strictObject({
        wallet: idText('wallet'),
        xpub: z.string().max(120),
        form: z.enum(PROOF_FORMS).default('bip322'),
        /** r and s in hex. */
        signature: z.string().regex(/^[0-9a-f]{128}$/),
      }),
    )
    .max(3 * MAX_WALLETS),
  failures: z
    .array(
      z.strictObject({
        wallet: idText('wallet'),
        xpub: z.string().max(120),
        code: z.string().regex(/^[a-z][a-z0-9_]{1,80}$/),
      }),
    )
    .max(3 * MAX_WALLETS),
});

export type ProofForm = (typeof PROOF_FORMS)[number];
export type DrillRequest = z.infer<typeof drillRequestSchema>;
export type DrillAnswer = z.infer<typeof drillAnswerSchema>;
