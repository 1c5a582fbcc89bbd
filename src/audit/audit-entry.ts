import type { CustomerId, Id, JsonValue, RequestId, StaffId } from '../shared/index.ts';

/** Who did it: a person, an outside system, one of our own processes by its role, or somebody unknown. */
export type AuditActor =
  | { readonly kind: 'customer'; readonly id: CustomerId }
  | { readonly kind: 'staff'; readonly id: StaffId }
  | { readonly kind: 'integrator'; readonly id: string }
  | { readonly kind: 'process'; readonly id: string }
  | { readonly kind: 'anonymous' };

/** How the actor was known, from weakest to strongest; `process` is our own code acting by itself. */
export type AuthenticationStrength =
  | 'none'
  | 'password'
  | 'api_key'
  | 'password_totp'
  | 'passkey'
  | 'master_lock'
  | 'officer_signature'
  | 'process';

/** A change or a refusal worth answering for. */
export interface AuditEntry {
  readonly actor: AuditActor;
  readonly strength: AuthenticationStrength;
  /** What was done, as `<context>.<verb>` in lower case: `credential.add`, `freeze.release`. */
  readonly action: string;
  /** Id of what it was done to (`wd_…`), or the name of a thing without an id (`manifest`). */
  readonly entity: string;
  /** The request that caused it, when one did. */
  readonly requestId?: RequestId;
  /** The entity, or the parts that changed, before and after. Secrets are removed, see `withoutSecrets`. */
  readonly before?: JsonValue;
  readonly after?: JsonValue;
  /** Why, in the actor's words. */
  readonly reason?: string;
}

/** `staff:stf_…`, `process:worker`, `anonymous`: the actor as one text to search by. */
export function actorText(actor: AuditActor): string {
  return actor.kind === 'anonymous' ? 'anonymous' : `${actor.kind}:${actor.id}`;
}

export type AuditEntryId = Id<'audit'>;
