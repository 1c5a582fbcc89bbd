-- What a member of staff may do is sealed under a secret that is not in the database: see src/identity/standing.ts.

ALTER TABLE "staff"
    -- How often it was changed.
    ADD COLUMN "standing_number" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "standing_seal" BYTEA,
    -- An account that nobody has been given anything to do with yet.
    DROP CONSTRAINT "staff_roles_check",
    ADD CONSTRAINT "staff_roles_check" CHECK (
        "roles" IS NOT NULL AND "roles" <@ ARRAY['compliance', 'officer', 'auditor', 'operator', 'admin']
    ),
    ADD CONSTRAINT "staff_standing_number_check" CHECK ("standing_number" >= 0),
    ADD CONSTRAINT "staff_standing_seal_check" CHECK (octet_length("standing_seal") = 32);

GRANT UPDATE ("standing_number", "standing_seal") ON "staff" TO trilock_app;
