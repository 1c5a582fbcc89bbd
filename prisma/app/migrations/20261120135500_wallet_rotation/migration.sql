-- The wallet to which a customer moves, because a key of this one is to be replaced.
ALTER TABLE "wallet" ADD COLUMN "replaces_id" UUID;
ALTER TABLE "wallet" ADD CONSTRAINT "wallet_replaces_id_fkey"
    FOREIGN KEY ("replaces_id") REFERENCES "wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- A wallet is replaced once; an attempt that failed does not count.
CREATE UNIQUE INDEX "wallet_replaced_once" ON "wallet"("replaces_id") WHERE "state" <> 'failed';
ALTER TABLE "wallet" ADD CONSTRAINT "wallet_replaces_another_check" CHECK ("replaces_id" <> "id");

-- Only the same customer's open wallet is replaced, by one of the same plan: what it holds is swept there.
CREATE FUNCTION "wallet_replaces_own"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM "wallet" w WHERE w."id" = NEW."replaces_id" AND w."state" = 'open'
            AND w."customer_id" = NEW."customer_id" AND w."network" = NEW."network" AND w."plan" = NEW."plan"
    ) THEN
        RAISE EXCEPTION 'only an open wallet of the same customer is replaced';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "wallet_replaces_own" BEFORE INSERT ON "wallet"
    FOR EACH ROW WHEN (NEW."replaces_id" IS NOT NULL) EXECUTE FUNCTION "wallet_replaces_own"();
