-- Where the coins of a deposit came from, noted before the lists are asked about it, so that an address that is listed
-- later finds the deposits that it sent.
CREATE TABLE "deposit_source" (
    "deposit_id" UUID NOT NULL,
    "script" TEXT NOT NULL,
    "address" TEXT,

    CONSTRAINT "deposit_source_pkey" PRIMARY KEY ("deposit_id","script")
);
CREATE INDEX "deposit_source_address_idx" ON "deposit_source"("address");
ALTER TABLE "deposit_source" ADD CONSTRAINT "deposit_source_deposit_id_fkey"
    FOREIGN KEY ("deposit_id") REFERENCES "deposit"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "deposit_source" ADD CONSTRAINT "deposit_source_script_check" CHECK ("script" ~ '^([0-9a-f]{2})*$');

-- A past or present payment that has to do with a listed address: people look at each and say what they found.
CREATE TABLE "screening_hit" (
    "id" UUID NOT NULL,
    "listing_id" UUID NOT NULL,
    "address" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject_id" UUID NOT NULL,
    "customer_id" UUID,
    "outcome" TEXT NOT NULL,
    "found_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),
    "settled_by" TEXT,
    "settled_reason" TEXT,

    CONSTRAINT "screening_hit_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "screening_hit_listing_id_kind_subject_id_key" ON "screening_hit"("listing_id", "kind", "subject_id");
CREATE INDEX "screening_hit_subject_id_idx" ON "screening_hit"("subject_id");
CREATE INDEX "screening_hit_customer_id_id_idx" ON "screening_hit"("customer_id", "id");
CREATE INDEX "screening_hit_settled_at_id_idx" ON "screening_hit"("settled_at", "id");
ALTER TABLE "screening_hit" ADD CONSTRAINT "screening_hit_listing_id_fkey"
    FOREIGN KEY ("listing_id") REFERENCES "listed_address"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "screening_hit" ADD CONSTRAINT "screening_hit_customer_id_fkey"
    FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "screening_hit"
    ADD CONSTRAINT "screening_hit_kind_check" CHECK ("kind" IN ('paid_to', 'received_from', 'own_address')),
    ADD CONSTRAINT "screening_hit_outcome_check" CHECK (length("outcome") BETWEEN 1 AND 100),
    -- People settle it, with a reason, or nobody has.
    ADD CONSTRAINT "screening_hit_settled_check" CHECK (
        num_nonnulls("settled_at", "settled_by", "settled_reason") IN (0, 3)
        AND "settled_at" >= "found_at"
        AND "settled_by" ~ '^stf_[0-9a-z]{26}$'
        AND length("settled_reason") BETWEEN 1 AND 500
    );
GRANT UPDATE ("settled_at", "settled_by", "settled_reason") ON "screening_hit" TO trilock_app;

CREATE FUNCTION "screening_hit_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."settled_at" IS NOT NULL THEN
        RAISE EXCEPTION 'what people found does not change';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "screening_hit_guard" BEFORE UPDATE ON "screening_hit"
    FOR EACH ROW EXECUTE FUNCTION "screening_hit_guard"();
