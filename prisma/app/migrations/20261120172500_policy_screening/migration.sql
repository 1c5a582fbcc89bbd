-- Past payments to an address are looked for once, after it was listed.
ALTER TABLE "listed_address" ADD COLUMN "screened_at" TIMESTAMPTZ(3);
CREATE INDEX "listed_address_screened_at_idx" ON "listed_address"("screened_at");
ALTER TABLE "listed_address" ADD CONSTRAINT "listed_address_screened_check" CHECK ("screened_at" >= "entered_at");
GRANT UPDATE ("screened_at") ON "listed_address" TO trilock_app;

CREATE OR REPLACE FUNCTION "listed_address_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."import_id" IS NULL AND (NEW."expires_at" IS DISTINCT FROM OLD."expires_at" OR NEW."import_id" IS NOT NULL) THEN
        RAISE EXCEPTION 'an entry of staff does not change';
    END IF;
    RETURN NEW;
END
$$;
