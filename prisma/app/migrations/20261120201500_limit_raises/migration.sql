-- Limits of customers that were raised for a time: see src/policy/limit-raises.ts.

CREATE TABLE "limit_raise" (
    "intent_id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "raised_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "limit_raise_pkey" PRIMARY KEY ("intent_id")
);

CREATE INDEX "limit_raise_customer_id_until_idx" ON "limit_raise"("customer_id", "until");

ALTER TABLE "limit_raise" ADD CONSTRAINT "limit_raise_intent_id_fkey" FOREIGN KEY ("intent_id") REFERENCES "queued_intent"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "limit_raise" ADD CONSTRAINT "limit_raise_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "limit_raise"
    -- Every grant expires.
    ADD CONSTRAINT "limit_raise_until_check" CHECK ("until" > "raised_at" AND "until" <= "raised_at" + interval '91 days');

GRANT SELECT, INSERT ON "limit_raise" TO trilock_app;
GRANT UPDATE ("revoked_at") ON "limit_raise" TO trilock_app;
