-- The newest freeze status of each signer, on its way to the stations, which check it themselves.
CREATE TABLE "freeze_status" (
    "signer" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "document" TEXT NOT NULL,

    CONSTRAINT "freeze_status_pkey" PRIMARY KEY ("signer"),
    CONSTRAINT "freeze_status_form" CHECK (
        "number" > 0
        AND ("document"::jsonb #>> '{statement,number}') IS NOT DISTINCT FROM "number"::text
        AND ("document"::jsonb #>> '{attestedBy,raw}') IS NOT DISTINCT FROM "signer"
    )
);

-- Numbers go up.
CREATE FUNCTION "freeze_status_guard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."signer" <> OLD."signer" OR NEW."number" <= OLD."number" THEN
        RAISE EXCEPTION 'a freeze status gives way to a newer one alone';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "freeze_status_guard" BEFORE UPDATE ON "freeze_status"
    FOR EACH ROW EXECUTE FUNCTION "freeze_status_guard"();

GRANT UPDATE ("number", "issued_at", "document") ON "freeze_status" TO trilock_app;
