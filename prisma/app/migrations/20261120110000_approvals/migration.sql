-- The approval queue: see prisma/app/schema/approvals.prisma and src/approvals/stored-intent.ts.

CREATE TABLE "queued_intent" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "canonical" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "requester" TEXT NOT NULL,
    "customer_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "request" TEXT,
    "reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "queued_intent_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "intent_approval" (
    "intent_id" UUID NOT NULL,
    "staff_id" UUID NOT NULL,
    "decision" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "intent_approval_pkey" PRIMARY KEY ("intent_id","staff_id","decision")
);

CREATE UNIQUE INDEX "queued_intent_hash_key" ON "queued_intent"("hash");
CREATE INDEX "queued_intent_state_expires_at_idx" ON "queued_intent"("state", "expires_at");
CREATE INDEX "queued_intent_state_created_at_idx" ON "queued_intent"("state", "created_at");
CREATE INDEX "queued_intent_customer_id_created_at_idx" ON "queued_intent"("customer_id", "created_at");

ALTER TABLE "intent_approval" ADD CONSTRAINT "intent_approval_intent_id_fkey" FOREIGN KEY ("intent_id") REFERENCES "queued_intent"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "queued_intent"
    ADD CONSTRAINT "queued_intent_state_check" CHECK (
        "state" IN ('draft', 'open', 'approved', 'executed', 'rejected', 'cancelled', 'expired')
    ),
    ADD CONSTRAINT "queued_intent_hash_check" CHECK ("hash" ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT "queued_intent_times_check" CHECK ("expires_at" > "created_at"),
    ADD CONSTRAINT "queued_intent_version_check" CHECK ("version" >= 1),
    ADD CONSTRAINT "queued_intent_size_check" CHECK (octet_length("canonical") <= 65536),
    ADD CONSTRAINT "queued_intent_columns_check" CHECK (
        ("canonical"::jsonb ->> 'kind') IS NOT DISTINCT FROM "kind"
        AND ("canonical"::jsonb ->> 'requester') IS NOT DISTINCT FROM "requester"
    ),
    -- A customer's intent goes nowhere without the customer's signature.
    ADD CONSTRAINT "queued_intent_request_check" CHECK (
        "state" NOT IN ('open', 'approved', 'executed') OR "request" IS NOT NULL OR "requester" LIKE 'stf_%'
    ),
    ADD CONSTRAINT "queued_intent_reason_check" CHECK (
        ("reason" IS NOT NULL) = ("state" IN ('rejected', 'cancelled', 'expired'))
    );

ALTER TABLE "intent_approval"
    ADD CONSTRAINT "intent_approval_decision_check" CHECK ("decision" IN ('approve', 'reject')),
    ADD CONSTRAINT "intent_approval_columns_check" CHECK (
        ("content"::jsonb #>> '{statement,decision}') IS NOT DISTINCT FROM "decision"
    );

-- What was asked for never changes, a signature is given once, and what has ended stays ended.
CREATE FUNCTION "queued_intent_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."state" IN ('executed', 'rejected', 'cancelled', 'expired') THEN
        RAISE EXCEPTION 'this intent is settled';
    END IF;
    IF OLD."request" IS NOT NULL AND NEW."request" IS DISTINCT FROM OLD."request" THEN
        RAISE EXCEPTION 'an intent is signed once';
    END IF;
    IF NEW."version" <> OLD."version" + 1 THEN
        RAISE EXCEPTION 'versions go up by one';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "queued_intent_guard" BEFORE UPDATE ON "queued_intent"
    FOR EACH ROW EXECUTE FUNCTION "queued_intent_guard"();

GRANT UPDATE ("state", "version", "request", "reason", "changed_at") ON "queued_intent" TO trilock_app;
