-- Customers lock single functions of their account. Under some of these locks payouts are still signed; they are
-- recorded so that the customer's master lock lifts them here and nowhere else.

ALTER TABLE signer.restriction ADD COLUMN kind text NOT NULL DEFAULT 'case' CHECK (kind IN
  ('whole_lock', 'withdraw_lock', 'transfer_lock', 'new_address_lock', 'api_lock', 'settings_lock', 'case'));

CREATE OR REPLACE VIEW signer.restricted_customer AS
  SELECT DISTINCT customer FROM signer.restriction r
  WHERE kind NOT IN ('transfer_lock', 'new_address_lock', 'api_lock', 'settings_lock')
    AND NOT EXISTS (SELECT FROM signer.restriction_release x WHERE x.restriction = r.id);

-- The hash of what lifts it: of an approved intent, or of the customer's own statement.
ALTER TABLE signer.restriction_release RENAME COLUMN intent_hash TO lifted_by;
