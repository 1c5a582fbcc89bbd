-- The way back for a lost master lock: see prisma/app/schema/locks.prisma and src/locks/lock-recovery.ts.

CREATE TABLE "lock_recovery" (
    "intent_id" UUID NOT NULL,
    "intent_hash" TEXT NOT NULL,
    "customer_id" UUID NOT NULL,
    "lost_id" UUID NOT NULL,
    "lock_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "cancellation" TEXT,
    "approved_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "ready_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "obstacle" TEXT,
    "next_step_at" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "lock_recovery_pkey" PRIMARY KEY ("intent_id")
);

CREATE UNIQUE INDEX "lock_recovery_intent_hash_key" ON "lock_recovery"("intent_hash");
CREATE INDEX "lock_recovery_customer_id_idx" ON "lock_recovery"("customer_id");
CREATE INDEX "lock_recovery_next_step_at_idx" ON "lock_recovery"("next_step_at");

ALTER TABLE "lock_recovery" ADD CONSTRAINT "lock_recovery_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "lock_recovery"
    ADD CONSTRAINT "lock_recovery_state_check" CHECK ("state" IN ('approved', 'waiting', 'completed', 'cancelled', 'superseded', 'refused')),
    ADD CONSTRAINT "lock_recovery_hash_check" CHECK ("intent_hash" ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT "lock_recovery_start_check" CHECK (
        ("started_at" IS NULL) = ("ready_at" IS NULL)
        AND ("started_at" IS NOT NULL OR "state" IN ('approved', 'refused'))
        -- Nobody shortens it, here either.
        AND ("ready_at" IS NULL OR "ready_at" >= "started_at" + interval '14 days')
        AND ("state" <> 'completed' OR "ended_at" >= "ready_at")
    ),
    ADD CONSTRAINT "lock_recovery_end_check" CHECK (("ended_at" IS NULL) = ("state" IN ('approved', 'waiting'))),
    ADD CONSTRAINT "lock_recovery_step_check" CHECK (("next_step_at" IS NULL) = ("ended_at" IS NOT NULL)),
    ADD CONSTRAINT "lock_recovery_json_check" CHECK ("cancellation" IS NULL OR "cancellation" LIKE '{%}'),
    ADD CONSTRAINT "lock_recovery_failures_check" CHECK ("failures" >= 0);

CREATE FUNCTION "lock_recovery_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."state" = NEW."state" THEN
        RETURN NEW;
    END IF;
    IF (OLD."state", NEW."state") NOT IN (
        ('approved', 'waiting'), ('approved', 'refused'), ('waiting', 'completed'), ('waiting', 'cancelled'),
        ('waiting', 'superseded'), ('waiting', 'refused')
    ) THEN
        RAISE EXCEPTION 'a recovery that is % cannot become %', OLD."state", NEW."state";
    END IF;
    IF NEW."version" <> OLD."version" + 1 THEN
        RAISE EXCEPTION 'versions go up by one';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "lock_recovery_guard" BEFORE UPDATE ON "lock_recovery"
    FOR EACH ROW EXECUTE FUNCTION "lock_recovery_guard"();

GRANT UPDATE ("state", "version", "cancellation", "started_at", "ready_at", "ended_at", "obstacle", "next_step_at",
    "failures") ON "lock_recovery" TO trilock_app;

-- A lock that came by the way back for a lost file is a credential that no earlier one has vouched for.
ALTER TABLE "signing_credential" ALTER COLUMN "pin" DROP NOT NULL;
