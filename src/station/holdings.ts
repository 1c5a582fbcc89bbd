import { z } from 'zod';
import {
  hash32,
  hashStatement,
  instant,
  networkName,
  plainText,
  signatureSchema,
  verifySignature,
} from '../intents/index.ts';
import { CERTIFICATE_ROLES, type MasterPrivateKey, type OfficerCertificate } from '../keyring/index.ts';
import { publicKeyOf, signatureBy } from './customer-key.ts';
import { StationError } from './errors.ts';

const TAG = 'trilock/holdings/1';

const statementSchema = z.strictObject({
  purpose: z.literal('who holds what'),
  version: z.literal(1),
  institution: plainText.min(1),
  network: networkName,
  heldAt: instant,
  root: z.strictObject({ keeper: plainText, certificate: hash32, expiresAt: instant }),
  officers: z.array(
    z.strictObject({
      person: plainText.min(1),
      role: z.enum(CERTIFICATE_ROLES),
      /** SHA-256 of the certificate and of the public key. */
      certificate: hash32,
      key: hash32,
      expiresAt: instant,
      /** Name and SHA-256 of the file that the person took along. */
      file: plainText,
      fileHash: hash32,
    }),
  ),
  disaster: z
    .strictObject({
      key: hash32,
      threshold: z.int(),
      holders: z.array(
        z.strictObject({ person: plainText, number: z.int(), file: plainText, fileHash: hash32 }),
      ),
    })
    .nullable(),
});

export type HoldingsStatement = z.infer<typeof statementSchema>;

const holdingsSchema = z.strictObject({ statement: statementSchema, signature: signatureSchema });

/** Who holds what, signed by the institution's root. */
export type Holdings = z.infer<typeof holdingsSchema>;

export function signHoldings(statement: HoldingsStatement, root: MasterPrivateKey): Holdings {
  return { statement, signature: signatureBy(root, hashStatement(TAG, statement)) };
}

/**
 * @returns the statement, when the root signed it. @throws StationError `document_malformed`; IntentError
 * `signature_wrong`.
 */
export async function verifyHoldings(value: unknown, root: OfficerCertificate): Promise<HoldingsStatement> {
  const parsed = holdingsSchema.safeParse(value);
  if (!parsed.success) {
    throw new StationError('document_malformed', 'This is not a list of who holds what.', {
      details: { path: parsed.error.issues[0]?.path.join('.') ?? '' },
    });
  }
  const { statement, signature } = parsed.data;
  await verifySignature(publicKeyOf(root.publicKey), hashStatement(TAG, statement), signature);
  return statement;
}
