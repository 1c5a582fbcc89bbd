/** What customers impose on themselves: the whole account, or one function of it. */
export const CUSTOMER_LOCKS = [
  'whole_lock',
  'withdraw_lock',
  'transfer_lock',
  'new_address_lock',
  'api_lock',
  'settings_lock',
] as const;

/** Every kind of restriction; what it takes away and who lifts it is in `src/freeze/restriction.ts`. */
export const RESTRICTION_KINDS = [...CUSTOMER_LOCKS, 'case', 'deep_freeze', 'closed'] as const;
export type RestrictionKind = (typeof RESTRICTION_KINDS)[number];

/** Those under which a signer still signs: they take away nothing that a signature moves. */
export const SIGNED_UNDER = [
  'transfer_lock',
  'new_address_lock',
  'api_lock',
  'settings_lock',
] as const satisfies readonly RestrictionKind[];
