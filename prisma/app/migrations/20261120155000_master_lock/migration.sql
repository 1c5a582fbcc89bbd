-- Master locks of customers: see prisma/app/schema/locks.prisma and src/locks/master-lock.ts. The signer's own record
-- decides; these rows carry what it is told, and what it answered.

CREATE TABLE "master_lock" (
    "id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "registration" TEXT NOT NULL,
    "replaces_id" UUID,
    "certificates" TEXT,
    "revocation" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "pinned_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "end_reason" TEXT,
    "obstacle" TEXT,
    "next_step_at" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "master_lock_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "master_lock_customer_id_idx" ON "master_lock"("customer_id");
CREATE INDEX "master_lock_next_step_at_idx" ON "master_lock"("next_step_at");
-- One is in force, and one at most is about to take its place.
CREATE UNIQUE INDEX "master_lock_one_in_force" ON "master_lock"("customer_id") WHERE "state" IN ('in_force', 'revoking');
CREATE UNIQUE INDEX "master_lock_one_registering" ON "master_lock"("customer_id") WHERE "state" = 'registering';

ALTER TABLE "master_lock" ADD CONSTRAINT "master_lock_id_fkey" FOREIGN KEY ("id") REFERENCES "credential"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "master_lock" ADD CONSTRAINT "master_lock_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "master_lock"
    ADD CONSTRAINT "master_lock_state_check" CHECK ("state" IN ('registering', 'refused', 'in_force', 'revoking', 'ended')),
    ADD CONSTRAINT "master_lock_pinned_check" CHECK (
        ("state" IN ('registering', 'refused')) = ("pinned_at" IS NULL)
        AND ("pinned_at" IS NULL) = ("certificates" IS NULL)
    ),
    ADD CONSTRAINT "master_lock_end_check" CHECK (
        ("state" = 'ended') = ("ended_at" IS NOT NULL)
        AND ("ended_at" IS NULL) = ("end_reason" IS NULL)
        AND ("end_reason" IS NULL OR "end_reason" IN ('replaced', 'revoked', 'recovered'))
    ),
    ADD CONSTRAINT "master_lock_revocation_check" CHECK ("state" <> 'revoking' OR "revocation" IS NOT NULL),
    ADD CONSTRAINT "master_lock_step_check" CHECK (("next_step_at" IS NOT NULL) = ("state" IN ('registering', 'revoking'))),
    ADD CONSTRAINT "master_lock_json_check" CHECK (
        "registration" LIKE '{%}' AND ("certificates" IS NULL OR "certificates" LIKE '{%}')
        AND ("revocation" IS NULL OR "revocation" LIKE '{%}')
    ),
    ADD CONSTRAINT "master_lock_failures_check" CHECK ("failures" >= 0);

CREATE FUNCTION "master_lock_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."state" = NEW."state" AND OLD."version" = NEW."version" THEN
        RETURN NEW;
    END IF;
    IF (OLD."state", NEW."state") NOT IN (
        ('registering', 'in_force'), ('registering', 'refused'), ('in_force', 'revoking'), ('in_force', 'ended'),
        ('revoking', 'ended'), ('revoking', 'in_force')
    ) THEN
        RAISE EXCEPTION 'a master lock that is % cannot become %', OLD."state", NEW."state";
    END IF;
    IF NEW."version" <> OLD."version" + 1 THEN
        RAISE EXCEPTION 'versions go up by one';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "master_lock_guard" BEFORE UPDATE ON "master_lock"
    FOR EACH ROW EXECUTE FUNCTION "master_lock_guard"();

GRANT UPDATE ("state", "version", "certificates", "revocation", "pinned_at", "ended_at", "end_reason", "obstacle",
    "next_step_at", "failures") ON "master_lock" TO trilock_app;
