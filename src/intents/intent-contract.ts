import { z } from 'zod';
import { breakerResetIntentSchema } from './kinds/breaker-reset-contract.ts';
import { deepFreezeIntentSchema } from './kinds/deep-freeze-contract.ts';
import { depositReleaseIntentSchema } from './kinds/deposit-release-contract.ts';
import { legalHoldLiftIntentSchema } from './kinds/legal-hold-lift-contract.ts';
import { masterLockRecoveryIntentSchema } from './kinds/master-lock-recovery-contract.ts';
import { policyChangeIntentSchema } from './kinds/policy-change-contract.ts';
import { releaseIntentSchema } from './kinds/release-contract.ts';
import { treasuryMoveIntentSchema } from './kinds/treasury-move-contract.ts';
import { staffChangeIntentSchema } from './kinds/staff-change-contract.ts';
import { keyRotationIntentSchema } from './kinds/key-rotation-contract.ts';
import { limitRaiseIntentSchema } from './kinds/limit-raise-contract.ts';
import { webhookChangeIntentSchema } from './kinds/webhook-change-contract.ts';
import { withdrawalIntentSchema } from './kinds/withdrawal-contract.ts';

export * from './kinds/breaker-reset-contract.ts';
export * from './kinds/deep-freeze-contract.ts';
export * from './kinds/deposit-release-contract.ts';
export * from './kinds/legal-hold-lift-contract.ts';
export * from './kinds/master-lock-recovery-contract.ts';
export * from './kinds/policy-change-contract.ts';
export * from './kinds/release-contract.ts';
export * from './kinds/staff-change-contract.ts';
export * from './kinds/key-rotation-contract.ts';
export * from './kinds/limit-raise-contract.ts';
export * from './kinds/webhook-change-contract.ts';
export * from './kinds/travel-rule-contract.ts';
export * from './kinds/treasury-move-contract.ts';
export * from './kinds/withdrawal-contract.ts';

/** The canonical statement of what is to happen. Each kind has a body of its own. */
export const intentSchema = z.discriminatedUnion('kind', [
  withdrawalIntentSchema,
  masterLockRecoveryIntentSchema,
  releaseIntentSchema,
  depositReleaseIntentSchema,
  policyChangeIntentSchema,
  deepFreezeIntentSchema,
  legalHoldLiftIntentSchema,
  breakerResetIntentSchema,
  treasuryMoveIntentSchema,
  staffChangeIntentSchema,
  webhookChangeIntentSchema,
  limitRaiseIntentSchema,
  keyRotationIntentSchema,
]);

/** Those that a transaction carries out. */
export const spendIntentSchema = z.discriminatedUnion('kind', [
  withdrawalIntentSchema,
  treasuryMoveIntentSchema,
]);

export type SpendIntent = z.infer<typeof spendIntentSchema>;
export type Intent = z.infer<typeof intentSchema>;
export type IntentKind = Intent['kind'];
export type IntentOf<Kind extends IntentKind> = Extract<Intent, { readonly kind: Kind }>;

/** Kinds whose quorum is a rule of their own in the manifest; one without a rule is never carried out. */
export const CONTROL_KINDS = [
  'release',
  'deposit_release',
  'policy_change',
  'deep_freeze',
  'legal_hold_lift',
  'breaker_reset',
  'treasury_move',
  'staff_change',
  'webhook_change',
  'limit_raise',
  'key_rotation',
] as const satisfies readonly IntentKind[];
export type ControlKind = (typeof CONTROL_KINDS)[number];
