import type { DatabaseTransaction } from '../database/index.ts';
import { appendEvent, type EventType } from '../events/index.ts';
import type { CustomerId, JsonValue } from '../shared/index.ts';
import type { IdentityParts } from './identity.ts';

/** What changes who can act for a customer. */
type OwnAccess = Extract<EventType, `api_key.${string}` | `password.${string}` | `second_factor.${string}`>;

/**
 * Tells a customer, by event and by notices on every channel, that somebody changed who can act for them. Of staff and
 * integrators the audit log alone knows.
 */
export async function announce(
  tx: DatabaseTransaction,
  { clock }: Pick<IdentityParts, 'clock'>,
  owner: { readonly kind: 'customer'; readonly id: CustomerId } | { readonly kind: 'staff' | 'integrator' },
  type: OwnAccess,
  data: Readonly<Record<string, JsonValue>> = {},
): Promise<void> {
  if (owner.kind !== 'customer') return;
  await appendEvent(tx, { type, subject: owner.id, customer: owner.id, data }, clock);
}
