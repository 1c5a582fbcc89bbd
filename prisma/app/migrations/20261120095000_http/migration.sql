-- Idempotency keys and rate limits: see src/http/idempotency-store.ts and src/http/throttle.ts.

CREATE TABLE "idempotency_key" (
    "id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "operation_id" TEXT NOT NULL,
    "request_hash" BYTEA NOT NULL,
    "attempt" INTEGER NOT NULL,
    "lease_expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "completed_at" TIMESTAMPTZ(3),
    "status" INTEGER,
    "headers" JSONB,
    "body" TEXT,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "rate_limit" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("key")
);

CREATE UNIQUE INDEX "idempotency_key_subject_key_key" ON "idempotency_key"("subject", "key");

ALTER TABLE "rate_limit" SET UNLOGGED;

ALTER TABLE "rate_limit"
    ADD CONSTRAINT "rate_limit_points_check" CHECK ("points" BETWEEN -1000000 AND 1000000000);

ALTER TABLE "idempotency_key"
    ADD CONSTRAINT "idempotency_key_subject_check" CHECK (length("subject") BETWEEN 1 AND 64),
    ADD CONSTRAINT "idempotency_key_key_check" CHECK ("key" ~ '^[A-Za-z0-9_.:-]{16,128}$'),
    ADD CONSTRAINT "idempotency_key_hash_check" CHECK (octet_length("request_hash") = 32),
    ADD CONSTRAINT "idempotency_key_attempt_check" CHECK ("attempt" >= 1),
    ADD CONSTRAINT "idempotency_key_status_check" CHECK ("status" BETWEEN 200 AND 499),
    -- In progress without any answer, or done with one.
    ADD CONSTRAINT "idempotency_key_answer_check" CHECK (
        ("completed_at" IS NULL AND "status" IS NULL AND "headers" IS NULL AND "body" IS NULL)
        OR ("completed_at" IS NOT NULL AND "status" IS NOT NULL AND jsonb_typeof("headers") = 'object')
    );

-- An answer that was given is never taken back, whoever asks.
CREATE FUNCTION "idempotency_key_keep_answer"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."completed_at" IS NOT NULL OR NEW."attempt" < OLD."attempt" THEN
        RAISE EXCEPTION 'the answer to an idempotency key is final';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "idempotency_key_keep_answer" BEFORE UPDATE ON "idempotency_key"
    FOR EACH ROW EXECUTE FUNCTION "idempotency_key_keep_answer"();

GRANT UPDATE ("attempt", "lease_expires_at", "completed_at", "status", "headers", "body")
    ON "idempotency_key" TO trilock_app;
GRANT UPDATE, DELETE ON "rate_limit" TO trilock_app;
