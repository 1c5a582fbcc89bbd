-- Where each follower of the chain stands: see src/chain/follower/follower-store.ts.

CREATE TABLE "chain_follower" (
    "name" TEXT NOT NULL,
    "height" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "chain_follower_pkey" PRIMARY KEY ("name")
);

CREATE TABLE "chain_follower_block" (
    "follower_name" TEXT NOT NULL,
    "height" INTEGER NOT NULL,
    "header" BYTEA NOT NULL,

    CONSTRAINT "chain_follower_block_pkey" PRIMARY KEY ("follower_name","height")
);

ALTER TABLE "chain_follower_block" ADD CONSTRAINT "chain_follower_block_follower_name_fkey" FOREIGN KEY ("follower_name") REFERENCES "chain_follower"("name") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "chain_follower"
    ADD CONSTRAINT "chain_follower_name_check" CHECK (length("name") BETWEEN 1 AND 64),
    ADD CONSTRAINT "chain_follower_height_check" CHECK ("height" >= 0),
    ADD CONSTRAINT "chain_follower_hash_check" CHECK ("hash" ~ '^[0-9a-f]{64}$');

ALTER TABLE "chain_follower_block"
    ADD CONSTRAINT "chain_follower_block_height_check" CHECK ("height" >= 0),
    ADD CONSTRAINT "chain_follower_block_header_check" CHECK (octet_length("header") = 80);

GRANT UPDATE ON "chain_follower" TO trilock_app;
GRANT DELETE ON "chain_follower_block" TO trilock_app;
