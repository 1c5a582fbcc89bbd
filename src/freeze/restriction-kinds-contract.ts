/** What a restriction may take away. */
export const FUNCTIONS = ['withdraw', 'transfer', 'new_address', 'api', 'settings'] as const;
export type RestrictedFunction = (typeof FUNCTIONS)[number];

/** `freezing` and `releasing` last until ledger and signer have acknowledged. */
export const RESTRICTION_STATES = ['freezing', 'in_force', 'releasing', 'released'] as const;
export type RestrictionState = (typeof RESTRICTION_STATES)[number];

/** Why staff restrict an account: for them and for statistics; the customer reads the public text. */
export const REASON_CODES = [
  'suspicious_activity',
  'sanctions_match',
  'account_takeover',
  'legal_order',
  'owed_after_reorganisation',
  'customer_request',
  'officers_order',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];
