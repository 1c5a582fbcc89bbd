-- Customers lock single functions of their account, and lift their own locks by a statement of their master lock.

ALTER TABLE "restriction" ADD COLUMN "release_statement" TEXT;

ALTER TABLE "restriction"
    DROP CONSTRAINT "restriction_kind_check",
    ADD CONSTRAINT "restriction_kind_check" CHECK ("kind" IN (
        'whole_lock', 'withdraw_lock', 'transfer_lock', 'new_address_lock', 'api_lock', 'settings_lock', 'case')),
    DROP CONSTRAINT "restriction_state_check",
    ADD CONSTRAINT "restriction_state_check" CHECK (
        ("state" IN ('freezing', 'in_force') AND num_nonnulls("release_intent_id", "release_statement") = 0)
        OR ("state" IN ('releasing', 'released') AND num_nonnulls("release_intent_id", "release_statement") = 1)
    ),
    -- A case is lifted by other people than the customer.
    ADD CONSTRAINT "restriction_unlock_check" CHECK ("release_statement" IS NULL OR "opened_by" ~ '^cus_');

GRANT UPDATE ("release_statement") ON "restriction" TO trilock_app;
