import { z } from 'zod';
import { hash32, idText, instant, networkName, plainText, satoshiText } from './fields-contract.ts';
import { CONTROL_KINDS } from './intent-contract.ts';
import { publicKeySchema, signatureSchema } from './signature-contract.ts';

export const APPROVER_ROLES = ['compliance', 'officer', 'treasurer'] as const;

const approverSchema = z.strictObject({
  id: idText('staff'),
  /** The human being: two entries of one person count once. */
  person: plainText.min(1),
  role: z.enum(APPROVER_ROLES),
  key: publicKeySchema,
  /** The person's own account with us, if there is one: nobody approves what they asked for themselves. */
  customer: idText('customer').optional(),
});

/** How many different people, of which roles, must approve. */
const quorum = {
  approvals: z.int().min(1).max(15),
  roles: z.array(z.enum(APPROVER_ROLES)).min(1),
  /** How many of them must come from a key file, used by the local program that renders the bytes itself. */
  localApprovals: z.int().min(0).max(15),
};

/** For amounts up to a bound. */
const quorumRuleSchema = z.strictObject({
  /** Null: any amount. The last rule's bound decides what is never signed. */
  upToSatoshis: satoshiText.nullable(),
  ...quorum,
});

/** For what moves no coins, by kind. */
const controlRuleSchema = z.strictObject({ kinds: z.array(z.enum(CONTROL_KINDS)).min(1), ...quorum });

/**
 * Whom signer and station trust: numbered, expiring, signed offline by officers. Nothing else tells them.
 */
export const manifestSchema = z.strictObject({
  version: z.literal(1),
  number: z.int().min(1),
  network: networkName,
  issuedAt: instant,
  expiresAt: instant,
  /** Hash of the manifest before; null for number 1. */
  previousHash: hash32.nullable(),
  officers: z
    .array(z.strictObject({ id: idText('staff'), person: plainText.min(1), key: publicKeySchema }))
    .min(1)
    .max(15),
  /** How many officers sign the next manifest. */
  officerQuorum: z.int().min(1).max(15),
  approvers: z.array(approverSchema).max(1_000),
  quorumRules: z.array(quorumRuleSchema).min(1).max(20),
  /** The first rule that names a kind counts; a kind that none names is never carried out. */
  controlRules: z.array(controlRuleSchema).max(20),
  limits: z.strictObject({
    /** The signer's own cap on one withdrawal and on all within 24 hours. */
    maxWithdrawalSatoshis: satoshiText,
    maxDailySatoshis: satoshiText,
    maxFeeSatoshis: satoshiText,
    /** A withdrawal of more says who gets it (Travel Rule); without it none has to. */
    travelRuleAboveSatoshis: satoshiText.optional(),
    /** sat/kvB */
    maxFeeRateSatsPerKvb: satoshiText,
  }),
  /** The institution's own wallets, by the hash of their descriptors; without it no coins move between them. */
  treasury: z
    .strictObject({
      hot: hash32,
      cold: hash32,
      /** The hot wallet's greatest share of all assets: 100 is one percent. */
      hotCapBasisPoints: z.int().min(0).max(10_000),
    })
    .optional(),
  /** Who attests keys: the stations of each role, and the platform signers. */
  attestationKeys: z.strictObject({
    cold: z.array(publicKeySchema).min(1),
    backup: z.array(publicKeySchema),
    platform: z.array(publicKeySchema).min(1),
    /** The second signer, on another host; without it no `treasury_hot` wallet is registered or spent. */
    platform_b: z.array(publicKeySchema).min(1).optional(),
  }),
});

/** What officers signed together, each with a key of their own. */
export const officerSignaturesSchema = z
  .array(z.strictObject({ officer: idText('staff'), signature: signatureSchema }))
  .min(1)
  .max(15);

export const signedManifestSchema = z.strictObject({
  manifest: manifestSchema,
  signatures: officerSignaturesSchema,
});

export type Manifest = z.infer<typeof manifestSchema>;
export type SignedManifest = z.infer<typeof signedManifestSchema>;
/** What approvals are counted by, whatever it was chosen for. */
export type QuorumRule = Omit<Manifest['quorumRules'][number], 'upToSatoshis'>;
export type Approver = Manifest['approvers'][number];
