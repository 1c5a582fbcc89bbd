-- Files that say why an account is restricted. They are added and never changed; what a superuser changes is found by
-- the hash that the audit log has.
CREATE TABLE "evidence" (
    "id" UUID NOT NULL,
    "restriction_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "media_type" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "content" BYTEA NOT NULL,
    "added_by" TEXT NOT NULL,
    "added_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "evidence_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "evidence_form" CHECK (
        "bytes" BETWEEN 1 AND 5242880 AND octet_length("content") = "bytes"
        AND "sha256" = encode(sha256("content"), 'hex')
        AND length("name") BETWEEN 1 AND 200
        AND "media_type" IN ('application/pdf', 'image/png', 'image/jpeg', 'text/plain')
        AND "added_by" ~ '^stf_[0-9a-z]{26}$'
    )
);
-- It is compressed already.
ALTER TABLE "evidence" ALTER COLUMN "content" SET STORAGE EXTERNAL;
CREATE INDEX "evidence_restriction_id_idx" ON "evidence"("restriction_id");
ALTER TABLE "evidence" ADD CONSTRAINT "evidence_restriction_id_fkey" FOREIGN KEY ("restriction_id") REFERENCES "restriction"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
