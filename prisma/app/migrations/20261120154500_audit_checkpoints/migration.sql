-- The signer's words on the audit log, published: see docs/audit.md.
CREATE TABLE "audit_checkpoint" (
    "position" BIGINT NOT NULL,
    "head" TEXT NOT NULL,
    "document" TEXT NOT NULL,
    "attested_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "audit_checkpoint_pkey" PRIMARY KEY ("position"),
    CONSTRAINT "audit_checkpoint_form" CHECK (
        "position" > 0 AND "head" ~ '^[0-9a-f]{64}$'
        AND ("document"::jsonb #>> '{statement,position}') IS NOT DISTINCT FROM "position"::text
        AND ("document"::jsonb #>> '{statement,head}') IS NOT DISTINCT FROM "head"
    )
);

-- An export is of a period, and entries are sealed in the order of time.
CREATE INDEX "audit_seal_sealed_at_idx" ON "audit_seal"("sealed_at");
