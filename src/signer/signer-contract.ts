import { z } from 'zod';
import {
  abandonmentSchema,
  approvalSchema,
  auditCheckpointSchema,
  base64Url,
  chainPosition,
  breakerResetIntentSchema,
  credentialPinSchema,
  customerStatementSchema,
  deepFreezeIntentSchema,
  freezeStatusSchema,
  hash32,
  idText,
  instant,
  keyAttestationSchema,
  keyTransportSchema,
  masterLockRecoveryIntentSchema,
  masterLockRegistrationSchema,
  networkName,
  plainText,
  publicKeySchema,
  refillAllowanceSchema,
  registrationReceiptSchema,
  RESTRICTION_KINDS,
  releaseIntentSchema,
  returnedKeySchema,
  requestSignatureSchema,
  satoshiText,
  signedManifestSchema,
  signerResumeSchema,
  signingBundleSchema,
  treasuryMoveIntentSchema,
  trippedBySchema,
  signingReceiptSchema,
  walletRegistrationSchema,
  witnessHeadSchema,
} from '../intents/index.ts';

/** In one call of `attestAudit`. */
export const MAX_AUDIT_ENTRIES = 2_000;

const nothing = z.strictObject({});

const manifestInForce = z.strictObject({ number: z.int().min(1), hash: hash32, expiresAt: instant });

/** What the signer's own log says: every refusal, every signature, and whatever else officers should see. */
export const signerAlertSchema = z.strictObject({
  /** Ascending; pass the last one as `after` to read on. */
  position: z.int().min(1),
  at: instant,
  kind: z.enum([
    'refused',
    'signed',
    'revoked',
    'abandoned',
    'restricted',
    'released',
    'sealed',
    'resumed',
    'manifest',
    'key',
    'wallet',
    'credential',
    'master_lock',
    'deep_freeze',
    'breaker',
  ]),
  /** The method that was called. */
  method: z.string(),
  /** The code of a refusal; null otherwise. */
  code: z.string().nullable(),
  text: z.string(),
  details: z.record(z.string(), z.unknown()),
});

/** X.509, DER in base64url: the lock's two halves, and whoever issued theirs. */
const pinnedLock = z.strictObject({
  lock: idText('credential'),
  pinnedAt: instant,
  certificates: z.strictObject({ signing: base64Url, decryption: base64Url, issuer: base64Url }),
});

const waitingRecovery = z.strictObject({ intentHash: hash32, startedAt: instant, readyAt: instant });

const signerStatus = z.strictObject({
  network: networkName,
  role: z.enum(['platform', 'platform_b']),
  /** Null until officers' first manifest is loaded: the signer then refuses with `manifest_missing`. */
  manifest: manifestInForce.nullable(),
  /** Why it refuses to sign until officers resume it; null when it signs. */
  sealed: z.strictObject({ reason: z.string() }).nullable(),
  /** Ed25519, raw, hex: it attests keys and signs what the witness countersigns. */
  signerKey: hash32,
  attestationKey: publicKeySchema,
  /** The witness as it answers now; null when it does not. */
  witness: z.strictObject({ key: hash32.nullable(), head: witnessHeadSchema.nullable() }).nullable(),
  /** The signer's own journal. */
  journal: z.strictObject({ epoch: z.int().min(0), counter: z.int().min(0), head: hash32 }),
  wallets: z.int().min(0),
  signatures: z.int().min(0),
  revoked: z.int().min(0),
  spentLast24Hours: satoshiText,
  alerts: z.int().min(0),
  secp256k1: z.enum(['native', 'wasm']),
});

/**
 * Everything that the signer does for others, as JSON over its socket. Each method may be called again with the
 * same parameters after a lost answer and then answers the same.
 */
export const signerContract = {
  /** Makes the platform key of a wallet; once for each wallet id. */
  createPlatformKey: {
    parameters: z.strictObject({ wallet: idText('wallet'), network: networkName }),
    answer: z.strictObject({ attestation: keyAttestationSchema }),
  },
  /** Checks and pins a wallet; before it no address may be given out. */
  registerWallet: {
    parameters: z.strictObject({ registration: walletRegistrationSchema }),
    answer: z.strictObject({ descriptorHash: hash32, receipt: registrationReceiptSchema }),
  },
  pinCredential: {
    parameters: credentialPinSchema,
    answer: z.strictObject({ credentials: z.array(idText('credential')) }),
  },
  /** Pins both public halves of a master lock, the first one or in place of the one that signs for it. */
  registerMasterLock: {
    parameters: z.strictObject({ registration: masterLockRegistrationSchema }),
    answer: pinnedLock,
  },
  /** Ends a master lock at its own word. */
  revokeMasterLock: {
    parameters: z.strictObject({ statement: customerStatementSchema }),
    answer: nothing,
  },
  /** Begins the 14 days of the way back to a lost lock, which officers have approved. */
  startLockRecovery: {
    parameters: z.strictObject({
      intent: masterLockRecoveryIntentSchema,
      request: requestSignatureSchema,
      approvals: z.array(approvalSchema).max(30),
    }),
    answer: waitingRecovery,
  },
  /** Any credential of the customer stops it, the lost lock's own file too. */
  cancelLockRecovery: {
    parameters: z.strictObject({ statement: customerStatementSchema }),
    answer: nothing,
  },
  /** After 14 days by the signer's own clock and record. */
  completeLockRecovery: {
    parameters: z.strictObject({ intentHash: hash32 }),
    answer: pinnedLock,
  },
  /** Checks a bundle that the other cosigner has signed, from its bytes, and signs last. */
  sign: {
    parameters: z.strictObject({
      bundle: signingBundleSchema,
      /** Of the second signer, for a refill of the wallet in which it holds a key. */
      allowance: refillAllowanceSchema.optional(),
    }),
    answer: z.strictObject({
      /** With the platform's signature added: BIP174, base64. */
      psbt: z.string(),
      /** The finished transaction with its witnesses, hex: store it before it is broadcast. */
      transaction: z.string(),
      txid: hash32,
      feeSatoshis: satoshiText,
      virtualBytes: z.int().min(1),
      /** The journal entry that recorded it. */
      counter: z.int().min(1),
      /** What was checked, for whoever checks it again later. */
      receipt: signingReceiptSchema,
    }),
  },
  /**
   * The same for a wallet that two signers spend, by the one that signs first: the other completes it. Nobody else's
   * signature is asked for.
   */
  cosign: {
    parameters: z.strictObject({ bundle: signingBundleSchema }),
    answer: z.strictObject({
      /** With the first signature added: BIP174, base64. */
      psbt: z.string(),
      txid: hash32,
      feeSatoshis: satoshiText,
      counter: z.int().min(1),
      receipt: signingReceiptSchema,
    }),
  },
  /** The second signer's word that a refill of the hot wallet is approved and keeps it within its cap. */
  allowRefill: {
    parameters: z.strictObject({
      intent: treasuryMoveIntentSchema,
      request: requestSignatureSchema,
      approvals: z.array(approvalSchema).max(30),
    }),
    answer: z.strictObject({ allowance: refillAllowanceSchema }),
  },
  /** Afterwards the intent is never signed. `signed`: a signature left before, so the payout counts as broadcast. */
  revoke: {
    parameters: z.strictObject({ intentHash: hash32, reason: plainText.min(1) }),
    answer: z.strictObject({ revokedAt: instant, signed: z.array(hash32) }),
  },
  /** Afterwards the transaction is never signed, and the statement says so; null when a signature for it left before. */
  abandon: {
    parameters: z.strictObject({
      txid: hash32,
      reason: plainText.min(1),
      /** Of the second signer, where this one signs first and may have signed. */
      completer: abandonmentSchema.optional(),
    }),
    answer: z.strictObject({ abandonment: abandonmentSchema.nullable() }),
  },
  /**
   * Afterwards nothing of the customer is signed, until it is lifted by a release with approvals, or by its own
   * customer; of locks that concern no signature it keeps a record alone.
   */
  restrict: {
    parameters: z.strictObject({
      restriction: idText('restriction'),
      customer: idText('customer'),
      kind: z.enum(RESTRICTION_KINDS),
      /** Neither asks for the release nor approves it. */
      openedBy: z.union([idText('customer'), idText('staff')]),
    }),
    answer: z.strictObject({ restrictedAt: instant }),
  },
  /** Lifts one restriction, when the approvals suffice by the manifest; what was approved before is void. */
  release: {
    parameters: z.strictObject({
      intent: releaseIntentSchema,
      request: requestSignatureSchema,
      approvals: z.array(approvalSchema).max(30),
      /** Of the customer's master lock, where that has ordered a deep freeze. */
      statement: customerStatementSchema.optional(),
    }),
    answer: z.strictObject({ releasedAt: instant }),
  },
  /** Afterwards the platform keys of the customer's wallets are erased here: by the customer's word, or a quorum's. */
  deepFreeze: {
    parameters: z.strictObject({
      restriction: idText('restriction'),
      order: z.union([
        z.strictObject({ statement: customerStatementSchema }),
        z.strictObject({
          intent: deepFreezeIntentSchema,
          request: requestSignatureSchema,
          approvals: z.array(approvalSchema).max(30),
        }),
      ]),
    }),
    answer: z.strictObject({ restrictedAt: instant }),
  },
  /** Afterwards nothing is signed for anybody, until a reset with approvals. */
  tripBreaker: {
    parameters: z.strictObject({ breaker: idText('restriction'), trippedBy: trippedBySchema }),
    answer: z.strictObject({ trippedAt: instant }),
  },
  resetBreaker: {
    parameters: z.strictObject({
      intent: breakerResetIntentSchema,
      request: requestSignatureSchema,
      approvals: z.array(approvalSchema).max(30),
    }),
    answer: z.strictObject({ resetAt: instant }),
  },
  /** What officers need to bring the keys of a deep freeze back that is being lifted. */
  transportKey: {
    parameters: z.strictObject({ restriction: idText('restriction') }),
    answer: z.strictObject({ transport: keyTransportSchema }),
  },
  /** Takes one of them back, when the time lock is over. */
  returnKey: {
    parameters: z.strictObject({ key: returnedKeySchema }),
    answer: z.strictObject({ missing: z.array(idText('wallet')) }),
  },
  /** Whether it waits to be told again, since it was resumed, which restrictions are in force. */
  standing: {
    parameters: nothing,
    answer: z.strictObject({ epoch: z.int().min(0), told: z.boolean() }),
  },
  /** Afterwards it signs again: it was told of every restriction in force since the resumption of this epoch. */
  restrictionsTold: {
    parameters: z.strictObject({ epoch: z.int().min(0) }),
    answer: z.strictObject({ epoch: z.int().min(0), told: z.boolean() }),
  },
  /** What it refuses at the moment, signed and numbered, for stations. */
  freezeStatus: {
    parameters: nothing,
    answer: z.strictObject({ status: freezeStatusSchema }),
  },
  /** How far it has attested the audit log; null before the first time. */
  auditCheckpoint: {
    parameters: nothing,
    answer: z.strictObject({ checkpoint: auditCheckpointSchema.nullable() }),
  },
  /** Attests what follows in the audit log, after it has hashed every entry from where it stood. */
  attestAudit: {
    parameters: z.strictObject({
      /** Where the caller's log stands at the signer's last position. */
      after: z.strictObject({ position: chainPosition, head: hash32 }),
      entries: z
        .array(z.strictObject({ sealedAtMs: z.int().min(0), content: z.string().max(65_536) }))
        .min(1)
        .max(MAX_AUDIT_ENTRIES),
    }),
    answer: z.strictObject({ checkpoint: auditCheckpointSchema }),
  },
  /** Lifts a lock that the customer imposed, at the word of the customer's master lock. */
  unlock: {
    parameters: z.strictObject({ restriction: idText('restriction'), statement: customerStatementSchema }),
    answer: z.strictObject({ releasedAt: instant }),
  },
  loadManifest: {
    parameters: z.strictObject({ signedManifest: signedManifestSchema }),
    answer: manifestInForce,
  },
  /** Anybody who reaches the socket may stop it; only the officers' quorum starts it again. */
  seal: {
    parameters: z.strictObject({ reason: plainText.min(1) }),
    answer: nothing,
  },
  resume: {
    parameters: signerResumeSchema,
    answer: nothing,
  },
  status: { parameters: nothing, answer: signerStatus },
  alerts: {
    parameters: z.strictObject({ after: z.int().min(0), limit: z.int().min(1).max(500) }),
    answer: z.strictObject({ alerts: z.array(signerAlertSchema) }),
  },
} as const;

export type SignerMethod = keyof typeof signerContract;
export type SignerParameters<M extends SignerMethod> = z.infer<(typeof signerContract)[M]['parameters']>;
export type SignerAnswer<M extends SignerMethod> = z.infer<(typeof signerContract)[M]['answer']>;
export type SignerAlert = z.infer<typeof signerAlertSchema>;
