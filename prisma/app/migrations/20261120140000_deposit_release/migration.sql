-- Quarantined deposits that a quorum lets go to their owner's balance.

ALTER TABLE "deposit" ADD COLUMN "release_intent" UUID;

ALTER TABLE "deposit"
    ADD CONSTRAINT "deposit_release_intent_fkey" FOREIGN KEY ("release_intent") REFERENCES "queued_intent"("id")
        ON DELETE RESTRICT ON UPDATE CASCADE,
    ADD CONSTRAINT "deposit_release_check" CHECK ("release_intent" IS NULL OR "quarantine" IS NOT NULL),
    DROP CONSTRAINT "deposit_credited_check",
    ADD CONSTRAINT "deposit_credited_check" CHECK (
        num_nonnulls("booked_cycle", "booked_block_hash") IN (0, 2)
        AND ("state" <> 'credited'
            OR ("customer_id" IS NOT NULL AND ("quarantine" IS NULL OR "release_intent" IS NOT NULL)))
        AND ("state" <> 'quarantined' OR "quarantine" IS NOT NULL)
    ),
    DROP CONSTRAINT "deposit_begun_check",
    ADD CONSTRAINT "deposit_begun_check" CHECK (
        num_nonnulls("begun_step", "begun_cycle", "begun_block_hash") IN (0, 3)
        AND "begun_step" IN (
            'hold', 'drop', 'credit', 'quarantine', 'unquarantine', 'reverse', 'recredit', 'set_apart', 'release'
        )
        -- What somebody has set aside is not being credited at the same time, unless a quorum lets it go.
        AND ("begun_step" NOT IN ('credit', 'recredit') OR "quarantine" IS NULL OR "release_intent" IS NOT NULL)
        AND ("begun_step" <> 'release' OR "release_intent" IS NOT NULL)
    );

CREATE UNIQUE INDEX "deposit_release_intent_key" ON "deposit"("release_intent");

-- A deposit is let go once, and stays its owner's.
CREATE FUNCTION "deposit_owner_kept"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."customer_id" IS NOT NULL AND NEW."customer_id" IS DISTINCT FROM OLD."customer_id" THEN
        RAISE EXCEPTION 'a deposit stays its owner''s';
    END IF;
    IF OLD."release_intent" IS NOT NULL AND NEW."release_intent" IS DISTINCT FROM OLD."release_intent" THEN
        RAISE EXCEPTION 'a deposit is let go once';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "deposit_owner_kept" BEFORE UPDATE ON "deposit"
    FOR EACH ROW EXECUTE FUNCTION "deposit_owner_kept"();

GRANT UPDATE ("release_intent", "customer_id") ON "deposit" TO trilock_app;
