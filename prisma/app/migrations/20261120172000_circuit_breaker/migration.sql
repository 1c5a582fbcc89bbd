-- The circuit breaker stops what flows out of the whole institution, whoever it is of; bulk freezes open many cases.

CREATE TABLE "circuit_breaker" (
    "id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "tripped_by" TEXT NOT NULL,
    "tripped_at" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "reset_intent_id" UUID,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "look_at" TIMESTAMPTZ(3),

    CONSTRAINT "circuit_breaker_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "circuit_breaker_reset_intent_id_key" ON "circuit_breaker"("reset_intent_id");
-- One at a time: a second reason changes nothing about it.
CREATE UNIQUE INDEX "circuit_breaker_live" ON "circuit_breaker" ((true)) WHERE "state" <> 'released';

ALTER TABLE "circuit_breaker"
    ADD CONSTRAINT "circuit_breaker_state_check" CHECK (
        ("state" IN ('freezing', 'in_force') AND "reset_intent_id" IS NULL)
        OR ("state" IN ('releasing', 'released') AND "reset_intent_id" IS NOT NULL)),
    ADD CONSTRAINT "circuit_breaker_look_check" CHECK (("look_at" IS NOT NULL) = ("state" IN ('freezing', 'releasing'))),
    ADD CONSTRAINT "circuit_breaker_tripped_by_check" CHECK ("tripped_by" ~ '^(stf_[0-9a-z]{26}|worker)$'),
    ADD CONSTRAINT "circuit_breaker_reason_check" CHECK (length("reason") BETWEEN 1 AND 500);

CREATE FUNCTION "circuit_breaker_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW."state" <> 'freezing' THEN
        RAISE EXCEPTION 'a breaker begins by freezing';
    END IF;
    IF TG_OP = 'INSERT' OR (OLD."state" = NEW."state" AND OLD."version" = NEW."version") THEN
        RETURN NEW;
    END IF;
    IF (OLD."state", NEW."state") NOT IN (
        ('freezing', 'in_force'), ('in_force', 'releasing'), ('releasing', 'released'), ('releasing', 'in_force')
    ) OR NEW."version" <> OLD."version" + 1 THEN
        RAISE EXCEPTION 'a breaker that is % cannot become %', OLD."state", NEW."state";
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "circuit_breaker_guard" BEFORE INSERT OR UPDATE ON "circuit_breaker"
    FOR EACH ROW EXECUTE FUNCTION "circuit_breaker_guard"();

GRANT UPDATE ("state", "version", "reset_intent_id", "changed_at", "look_at") ON "circuit_breaker" TO trilock_app;

-- What left within the last hour.
CREATE INDEX "payout_signer_asked_at_idx" ON "payout"("signer_asked_at");

-- Many cases that one decision opened.
ALTER TABLE "restriction" ADD COLUMN "bulk_id" UUID;
CREATE INDEX "restriction_bulk_id_idx" ON "restriction"("bulk_id");
