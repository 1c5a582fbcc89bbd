-- Where following began, what is to be searched again, and why credits and payouts are held.

ALTER TABLE "chain_follower"
    ADD COLUMN "start_height" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "rescan_from" INTEGER,
    ADD COLUMN "checked_at" TIMESTAMPTZ(3),
    ADD COLUMN "held_since" TIMESTAMPTZ(3),
    ADD COLUMN "held_code" TEXT,
    ADD COLUMN "held_told" BOOLEAN NOT NULL DEFAULT false;

ALTER TABLE "chain_follower"
    ADD CONSTRAINT "chain_follower_start_check" CHECK ("start_height" >= 0 AND "start_height" <= "height"),
    ADD CONSTRAINT "chain_follower_rescan_check" CHECK ("rescan_from" >= 0),
    ADD CONSTRAINT "chain_follower_held_check" CHECK (
        num_nonnulls("held_since", "held_code") IN (0, 2) AND ("held_since" IS NOT NULL OR NOT "held_told")
    );

-- What was followed once stays followed: a later start would leave deposits out.
CREATE FUNCTION "chain_follower_start_kept"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."start_height" > OLD."start_height" THEN
        RAISE EXCEPTION 'the chain was followed from an earlier block';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "chain_follower_start_kept" BEFORE UPDATE ON "chain_follower"
    FOR EACH ROW EXECUTE FUNCTION "chain_follower_start_kept"();
