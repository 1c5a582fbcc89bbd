-- Instant transfers as they were asked for: see src/transfers. Balances are in the ledger.

CREATE TABLE "transfer" (
    "id" UUID NOT NULL,
    "sender_id" UUID NOT NULL,
    "recipient_id" UUID NOT NULL,
    "amount" BIGINT NOT NULL,
    "memo" TEXT,
    "state" TEXT NOT NULL,
    "refusal" TEXT,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "transfer_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "transfer_state_requested_at_idx" ON "transfer"("state", "requested_at");

ALTER TABLE "transfer" ADD CONSTRAINT "transfer_sender_id_fkey" FOREIGN KEY ("sender_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "transfer" ADD CONSTRAINT "transfer_recipient_id_fkey" FOREIGN KEY ("recipient_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "transfer"
    ADD CONSTRAINT "transfer_amount_check" CHECK ("amount" BETWEEN 1 AND 2100000000000000),
    ADD CONSTRAINT "transfer_parties_check" CHECK ("sender_id" <> "recipient_id"),
    ADD CONSTRAINT "transfer_memo_check" CHECK (length("memo") BETWEEN 1 AND 140),
    ADD CONSTRAINT "transfer_state_check" CHECK (
        ("state" = 'requested' AND "settled_at" IS NULL AND "refusal" IS NULL)
        OR ("state" = 'completed' AND "settled_at" IS NOT NULL AND "refusal" IS NULL)
        OR ("state" = 'refused' AND "settled_at" IS NOT NULL AND "refusal" ~ '^[a-z_]{1,60}$')
    );

-- A transfer begins as requested, and what became of it is final.
CREATE FUNCTION "transfer_keep_outcome"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW."state" <> 'requested' THEN
        RAISE EXCEPTION 'a transfer begins as requested';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD."state" <> 'requested' THEN
        RAISE EXCEPTION 'what became of a transfer is final';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "transfer_keep_outcome" BEFORE INSERT OR UPDATE ON "transfer"
    FOR EACH ROW EXECUTE FUNCTION "transfer_keep_outcome"();

GRANT UPDATE ("state", "refusal", "settled_at") ON "transfer" TO trilock_app;
