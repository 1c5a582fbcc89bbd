-- An account that is closed stays so: no release is ever written down for it. It ends at once when the ledger finds
-- that the account is not empty.

ALTER TABLE "restriction"
    DROP CONSTRAINT "restriction_kind_check",
    ADD CONSTRAINT "restriction_kind_check" CHECK ("kind" IN (
        'whole_lock', 'withdraw_lock', 'transfer_lock', 'new_address_lock', 'api_lock', 'settings_lock', 'case', 'deep_freeze',
        'closed')),
    ADD CONSTRAINT "restriction_closed_check" CHECK (
        "kind" <> 'closed'
        OR ("state" IN ('freezing', 'in_force', 'released') AND num_nonnulls("release_intent_id", "release_statement") = 0)),
    DROP CONSTRAINT "restriction_state_check",
    ADD CONSTRAINT "restriction_state_check" CHECK (
        CASE
            WHEN "kind" = 'closed' THEN true
            WHEN "kind" = 'deep_freeze' THEN
                ("state" IN ('freezing', 'in_force') AND "release_intent_id" IS NULL)
                OR ("state" = 'releasing' AND "release_intent_id" IS NOT NULL)
                -- Without an intent: the signer has refused what ordered it.
                OR "state" = 'released'
            ELSE
                ("state" IN ('freezing', 'in_force') AND num_nonnulls("release_intent_id", "release_statement") = 0)
                OR ("state" IN ('releasing', 'released') AND num_nonnulls("release_intent_id", "release_statement") = 1)
        END
    );

CREATE OR REPLACE FUNCTION "restriction_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW."state" <> 'freezing' THEN
            RAISE EXCEPTION 'a restriction begins by freezing';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD."state" = NEW."state" AND OLD."version" = NEW."version" THEN
        RETURN NEW;
    END IF;
    IF NEW."kind" <> OLD."kind" OR (OLD."kind" = 'closed' AND OLD."state" <> 'freezing') THEN
        RAISE EXCEPTION 'a closed account is never opened again';
    END IF;
    IF (OLD."state", NEW."state") NOT IN (
        ('freezing', 'in_force'), ('in_force', 'releasing'), ('releasing', 'released'), ('releasing', 'in_force')
    ) AND NOT (NEW."kind" = 'deep_freeze'
        AND (OLD."state", NEW."state") IN (('in_force', 'in_force'), ('freezing', 'released'))
    ) AND NOT (NEW."kind" = 'closed' AND (OLD."state", NEW."state") = ('freezing', 'released')) THEN
        RAISE EXCEPTION 'a restriction that is % cannot become %', OLD."state", NEW."state";
    END IF;
    IF NEW."version" <> OLD."version" + 1 THEN
        RAISE EXCEPTION 'versions go up by one';
    END IF;
    RETURN NEW;
END
$$;
