-- Wallets, their keys, addresses and coins (src/wallets), and deposits (src/deposits).

CREATE TABLE "deposit" (
    "id" UUID NOT NULL,
    "network" TEXT NOT NULL,
    "txid" TEXT NOT NULL,
    "vout" INTEGER NOT NULL,
    "wallet_id" UUID NOT NULL,
    "address_id" UUID NOT NULL,
    "customer_id" UUID,
    "balance" TEXT NOT NULL,
    "satoshis" BIGINT NOT NULL,
    "height" INTEGER,
    "block_hash" TEXT,
    "credit_height" INTEGER,
    "cycle" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "booked_cycle" INTEGER,
    "booked_block_hash" TEXT,
    "begun_step" TEXT,
    "begun_cycle" INTEGER,
    "begun_block_hash" TEXT,
    "refusals" INTEGER NOT NULL DEFAULT 0,
    "refusal" TEXT,
    "quarantine" TEXT,
    "detected_at" TIMESTAMPTZ(3) NOT NULL,
    "credited_at" TIMESTAMPTZ(3),
    "next_step_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deposit_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "signing_credential" (
    "credential_id" UUID NOT NULL,
    "customer_id" UUID NOT NULL,
    "public_key" TEXT NOT NULL,
    "pin" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "pinned_at" TIMESTAMPTZ(3),
    "next_step_at" TIMESTAMPTZ(3) NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "signing_credential_pkey" PRIMARY KEY ("credential_id")
);

CREATE TABLE "account_key" (
    "xpub" TEXT NOT NULL,
    "origin" TEXT NOT NULL,
    "public_key" BYTEA NOT NULL,
    "network" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "attestation" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "added_at" TIMESTAMPTZ(3) NOT NULL,
    "wallet_id" UUID,
    "assigned_at" TIMESTAMPTZ(3),
    "refusal" TEXT,

    CONSTRAINT "account_key_pkey" PRIMARY KEY ("xpub")
);

CREATE TABLE "wallet" (
    "id" UUID NOT NULL,
    "customer_id" UUID,
    "network" TEXT NOT NULL,
    "plan" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "customer_key" TEXT,
    "descriptor" TEXT,
    "descriptor_hash" TEXT,
    "registration" TEXT,
    "receipt" TEXT,
    "next_receive_index" INTEGER NOT NULL DEFAULT 0,
    "next_change_index" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "opened_at" TIMESTAMPTZ(3),
    "obstacle" TEXT,
    "next_step_at" TIMESTAMPTZ(3) NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "wallet_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "wallet_address" (
    "id" UUID NOT NULL,
    "wallet_id" UUID NOT NULL,
    "branch" TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    "address" TEXT NOT NULL,
    "script" BYTEA NOT NULL,
    "customer_id" UUID,
    "label" TEXT,
    "given_at" TIMESTAMPTZ(3),
    "added_xid" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "wallet_address_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "coin" (
    "txid" TEXT NOT NULL,
    "vout" INTEGER NOT NULL,
    "wallet_id" UUID NOT NULL,
    "address_id" UUID NOT NULL,
    "satoshis" BIGINT NOT NULL,
    "source" TEXT NOT NULL,
    "coinbase" BOOLEAN NOT NULL,
    "height" INTEGER,
    "block_hash" TEXT,
    "withheld" BOOLEAN NOT NULL,
    "spent_by_txid" TEXT,
    "spent_height" INTEGER,
    "spent_block_hash" TEXT,
    "reserved_for" TEXT,
    "reserved_until" TIMESTAMPTZ(3),
    "added_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "coin_pkey" PRIMARY KEY ("txid","vout")
);

CREATE TABLE "coin_spend" (
    "txid" TEXT NOT NULL,
    "vout" INTEGER NOT NULL,
    "block_hash" TEXT NOT NULL,
    "height" INTEGER NOT NULL,
    "by_txid" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "undone_at" TIMESTAMPTZ(3),

    CONSTRAINT "coin_spend_pkey" PRIMARY KEY ("txid","vout","block_hash")
);

CREATE TABLE "spending_account" (
    "customer_id" UUID NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "spending_account_pkey" PRIMARY KEY ("customer_id")
);

CREATE INDEX "deposit_customer_id_detected_at_id_idx" ON "deposit"("customer_id", "detected_at", "id");

CREATE INDEX "deposit_wallet_id_detected_at_id_idx" ON "deposit"("wallet_id", "detected_at", "id");

CREATE INDEX "deposit_address_id_idx" ON "deposit"("address_id");

CREATE INDEX "deposit_height_idx" ON "deposit"("height");

CREATE INDEX "deposit_block_hash_idx" ON "deposit"("block_hash");

CREATE INDEX "deposit_state_next_step_at_idx" ON "deposit"("state", "next_step_at");

CREATE INDEX "deposit_state_credit_height_idx" ON "deposit"("state", "credit_height");

CREATE UNIQUE INDEX "deposit_network_txid_vout_key" ON "deposit"("network", "txid", "vout");

CREATE UNIQUE INDEX "deposit_txid_vout_key" ON "deposit"("txid", "vout");

CREATE INDEX "signing_credential_customer_id_idx" ON "signing_credential"("customer_id");

CREATE INDEX "signing_credential_pinned_at_next_step_at_idx" ON "signing_credential"("pinned_at", "next_step_at");

CREATE UNIQUE INDEX "account_key_origin_key" ON "account_key"("origin");

CREATE UNIQUE INDEX "account_key_public_key_key" ON "account_key"("public_key");

CREATE INDEX "account_key_network_role_state_added_at_idx" ON "account_key"("network", "role", "state", "added_at");

CREATE INDEX "account_key_wallet_id_idx" ON "account_key"("wallet_id");

CREATE UNIQUE INDEX "wallet_descriptor_key" ON "wallet"("descriptor");

CREATE UNIQUE INDEX "wallet_descriptor_hash_key" ON "wallet"("descriptor_hash");

CREATE INDEX "wallet_customer_id_idx" ON "wallet"("customer_id");

CREATE INDEX "wallet_state_next_step_at_idx" ON "wallet"("state", "next_step_at");

CREATE UNIQUE INDEX "wallet_address_address_key" ON "wallet_address"("address");

CREATE UNIQUE INDEX "wallet_address_script_key" ON "wallet_address"("script");

CREATE INDEX "wallet_address_customer_id_given_at_idx" ON "wallet_address"("customer_id", "given_at");

CREATE INDEX "wallet_address_added_xid_idx" ON "wallet_address"("added_xid");

CREATE UNIQUE INDEX "wallet_address_wallet_id_branch_index_key" ON "wallet_address"("wallet_id", "branch", "index");

CREATE INDEX "coin_wallet_id_spent_height_idx" ON "coin"("wallet_id", "spent_height");

CREATE INDEX "coin_address_id_idx" ON "coin"("address_id");

CREATE INDEX "coin_height_idx" ON "coin"("height");

CREATE INDEX "coin_spent_height_idx" ON "coin"("spent_height");

CREATE INDEX "coin_reserved_for_idx" ON "coin"("reserved_for");

CREATE INDEX "coin_spend_by_txid_idx" ON "coin_spend"("by_txid");

CREATE INDEX "coin_spend_block_hash_idx" ON "coin_spend"("block_hash");

ALTER TABLE "deposit" ADD CONSTRAINT "deposit_txid_vout_fkey" FOREIGN KEY ("txid", "vout") REFERENCES "coin"("txid", "vout") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "deposit" ADD CONSTRAINT "deposit_wallet_id_fkey" FOREIGN KEY ("wallet_id") REFERENCES "wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "deposit" ADD CONSTRAINT "deposit_address_id_fkey" FOREIGN KEY ("address_id") REFERENCES "wallet_address"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "deposit" ADD CONSTRAINT "deposit_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "signing_credential" ADD CONSTRAINT "signing_credential_credential_id_fkey" FOREIGN KEY ("credential_id") REFERENCES "credential"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "signing_credential" ADD CONSTRAINT "signing_credential_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "account_key" ADD CONSTRAINT "account_key_wallet_id_fkey" FOREIGN KEY ("wallet_id") REFERENCES "wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "wallet" ADD CONSTRAINT "wallet_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "wallet_address" ADD CONSTRAINT "wallet_address_wallet_id_fkey" FOREIGN KEY ("wallet_id") REFERENCES "wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "wallet_address" ADD CONSTRAINT "wallet_address_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "coin" ADD CONSTRAINT "coin_wallet_id_fkey" FOREIGN KEY ("wallet_id") REFERENCES "wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "coin" ADD CONSTRAINT "coin_address_id_fkey" FOREIGN KEY ("address_id") REFERENCES "wallet_address"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "coin_spend" ADD CONSTRAINT "coin_spend_txid_vout_fkey" FOREIGN KEY ("txid", "vout") REFERENCES "coin"("txid", "vout") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "spending_account" ADD CONSTRAINT "spending_account_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "signing_credential"
    ADD CONSTRAINT "signing_credential_json_check" CHECK ("public_key" LIKE '{%}' AND "pin" LIKE '{%}'),
    ADD CONSTRAINT "signing_credential_failures_check" CHECK ("failures" >= 0);

ALTER TABLE "account_key"
    ADD CONSTRAINT "account_key_xpub_check" CHECK ("xpub" ~ '^[xt]pub[1-9A-HJ-NP-Za-km-z]{100,116}$'),
    ADD CONSTRAINT "account_key_origin_check" CHECK ("origin" ~ '^\[[0-9a-f]{8}(/[0-9]{1,10}h){4}\]$'),
    ADD CONSTRAINT "account_key_public_key_check" CHECK (octet_length("public_key") = 33),
    ADD CONSTRAINT "account_key_network_check" CHECK ("network" IN ('mainnet', 'testnet', 'signet', 'regtest')),
    ADD CONSTRAINT "account_key_role_check" CHECK ("role" IN ('platform', 'cold', 'backup', 'customer')),
    ADD CONSTRAINT "account_key_attestation_check" CHECK ("attestation" LIKE '{%}'),
    ADD CONSTRAINT "account_key_state_check" CHECK (
        "state" IN ('available', 'assigned', 'refused')
        AND ("state" = 'assigned') = ("wallet_id" IS NOT NULL)
        AND ("state" = 'assigned') = ("assigned_at" IS NOT NULL)
        AND ("state" = 'refused') = ("refusal" IS NOT NULL)
    );

ALTER TABLE "wallet"
    ADD CONSTRAINT "wallet_network_check" CHECK ("network" IN ('mainnet', 'testnet', 'signet', 'regtest')),
    ADD CONSTRAINT "wallet_plan_check" CHECK (
        "plan" IN ('custodial', 'collaborative', 'self_custody', 'treasury_hot', 'treasury_cold')
    ),
    ADD CONSTRAINT "wallet_owner_check" CHECK (
        ("plan" NOT IN ('treasury_hot', 'treasury_cold') OR "customer_id" IS NULL)
        AND ("plan" NOT IN ('collaborative', 'self_custody') OR "customer_id" IS NOT NULL)
    ),
    ADD CONSTRAINT "wallet_customer_key_check" CHECK (
        ("customer_key" IS NOT NULL) = ("plan" IN ('collaborative', 'self_custody'))
    ),
    ADD CONSTRAINT "wallet_label_check" CHECK (length("label") BETWEEN 1 AND 100),
    ADD CONSTRAINT "wallet_state_check" CHECK (
        "state" IN ('requested', 'platform_key', 'registered', 'open', 'failed')
    ),
    ADD CONSTRAINT "wallet_version_check" CHECK ("version" >= 1),
    -- Descriptor and registration come together, before the signer hears of them; the receipt is its answer.
    ADD CONSTRAINT "wallet_pinned_check" CHECK (
        ("descriptor" IS NOT NULL) = ("registration" IS NOT NULL)
        AND ("descriptor" IS NOT NULL) = ("descriptor_hash" IS NOT NULL)
        AND ("descriptor" IS NOT NULL OR "state" IN ('requested', 'failed'))
        AND ("receipt" IS NOT NULL OR "state" NOT IN ('registered', 'open'))
        AND ("opened_at" IS NOT NULL) = ("state" = 'open')
    ),
    ADD CONSTRAINT "wallet_hash_check" CHECK ("descriptor_hash" ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT "wallet_json_check" CHECK ("registration" LIKE '{%}' AND "receipt" LIKE '{%}'),
    ADD CONSTRAINT "wallet_index_check" CHECK (
        "next_receive_index" BETWEEN 0 AND 2147483647 AND "next_change_index" BETWEEN 0 AND 2147483647
    ),
    ADD CONSTRAINT "wallet_failures_check" CHECK ("failures" >= 0);

-- A descriptor once pinned is never another, and an open wallet stays open.
CREATE FUNCTION "wallet_stay_pinned"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."descriptor" IS NOT NULL AND (NEW."descriptor" IS DISTINCT FROM OLD."descriptor"
        OR NEW."descriptor_hash" IS DISTINCT FROM OLD."descriptor_hash"
        OR NEW."registration" IS DISTINCT FROM OLD."registration") THEN
        RAISE EXCEPTION 'a pinned descriptor is final';
    END IF;
    IF OLD."state" IN ('open', 'failed') AND NEW."state" <> OLD."state" THEN
        RAISE EXCEPTION 'an open or failed wallet stays what it is';
    END IF;
    IF NEW."next_receive_index" < OLD."next_receive_index" OR NEW."next_change_index" < OLD."next_change_index" THEN
        RAISE EXCEPTION 'no address is given out again';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "wallet_stay_pinned" BEFORE UPDATE ON "wallet"
    FOR EACH ROW EXECUTE FUNCTION "wallet_stay_pinned"();

-- A key stays in the wallet that took it, and a refused one is never used.
CREATE FUNCTION "account_key_used_once"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."state" <> 'available' THEN
        RAISE EXCEPTION 'a key is used once';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "account_key_used_once" BEFORE UPDATE ON "account_key"
    FOR EACH ROW EXECUTE FUNCTION "account_key_used_once"();

ALTER TABLE "wallet_address"
    ADD CONSTRAINT "wallet_address_branch_check" CHECK ("branch" IN ('receive', 'change')),
    ADD CONSTRAINT "wallet_address_index_check" CHECK ("index" >= 0),
    -- P2WSH: version 0 and a 32-byte program (BIP141).
    ADD CONSTRAINT "wallet_address_script_check" CHECK (
        octet_length("script") = 34 AND substring("script" FROM 1 FOR 2) = '\x0020'::bytea
    ),
    ADD CONSTRAINT "wallet_address_given_check" CHECK (
        "given_at" IS NOT NULL OR ("customer_id" IS NULL AND "label" IS NULL)
    ),
    ADD CONSTRAINT "wallet_address_change_check" CHECK (
        "branch" = 'receive' OR ("customer_id" IS NULL AND "label" IS NULL)
    ),
    ADD CONSTRAINT "wallet_address_label_check" CHECK (length("label") BETWEEN 1 AND 100);

-- No address is given out before its wallet is open, nor twice, nor taken from its owner.
CREATE FUNCTION "wallet_address_given_once"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW."added_xid" := pg_current_xact_id()::text::bigint;
        IF NOT EXISTS (SELECT FROM "wallet" w WHERE w."id" = NEW."wallet_id" AND w."descriptor" IS NOT NULL) THEN
            RAISE EXCEPTION 'the wallet has no descriptor';
        END IF;
    ELSIF OLD."given_at" IS NOT NULL THEN
        RAISE EXCEPTION 'an address is given out once';
    END IF;
    IF NEW."given_at" IS NOT NULL AND NOT EXISTS (
        SELECT FROM "wallet" w WHERE w."id" = NEW."wallet_id" AND w."state" = 'open'
            AND (NEW."customer_id" IS NULL OR w."customer_id" IS NULL OR w."customer_id" = NEW."customer_id")
    ) THEN
        RAISE EXCEPTION 'the wallet is not open for this';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "wallet_address_given_once" BEFORE INSERT OR UPDATE ON "wallet_address"
    FOR EACH ROW EXECUTE FUNCTION "wallet_address_given_once"();

ALTER TABLE "coin"
    ADD CONSTRAINT "coin_outpoint_check" CHECK ("txid" ~ '^[0-9a-f]{64}$' AND "vout" >= 0),
    ADD CONSTRAINT "coin_satoshis_check" CHECK ("satoshis" BETWEEN 0 AND 2100000000000000),
    ADD CONSTRAINT "coin_source_check" CHECK ("source" IN ('deposit', 'change')),
    ADD CONSTRAINT "coin_block_check" CHECK (
        num_nonnulls("height", "block_hash") IN (0, 2) AND "height" >= 0 AND "block_hash" ~ '^[0-9a-f]{64}$'
    ),
    ADD CONSTRAINT "coin_spent_check" CHECK (
        num_nonnulls("spent_by_txid", "spent_height", "spent_block_hash") IN (0, 3)
        AND "spent_by_txid" ~ '^[0-9a-f]{64}$' AND "spent_block_hash" ~ '^[0-9a-f]{64}$'
        AND ("spent_height" IS NULL OR ("height" IS NOT NULL AND "spent_height" >= "height"))
    ),
    ADD CONSTRAINT "coin_reserved_check" CHECK (
        num_nonnulls("reserved_for", "reserved_until") IN (0, 2) AND length("reserved_for") BETWEEN 1 AND 60
    );

ALTER TABLE "coin_spend"
    ADD CONSTRAINT "coin_spend_hash_check" CHECK (
        "block_hash" ~ '^[0-9a-f]{64}$' AND "by_txid" ~ '^[0-9a-f]{64}$' AND "height" >= 0
    );

ALTER TABLE "deposit"
    ADD CONSTRAINT "deposit_network_check" CHECK ("network" IN ('mainnet', 'testnet', 'signet', 'regtest')),
    ADD CONSTRAINT "deposit_balance_check" CHECK (
        "balance" IN ('vault', 'spending') AND ("balance" = 'spending' OR "customer_id" IS NOT NULL)
    ),
    ADD CONSTRAINT "deposit_satoshis_check" CHECK ("satoshis" BETWEEN 1 AND 2100000000000000),
    ADD CONSTRAINT "deposit_block_check" CHECK (
        num_nonnulls("height", "block_hash") IN (0, 2) AND "height" >= 0 AND "block_hash" ~ '^[0-9a-f]{64}$'
    ),
    ADD CONSTRAINT "deposit_credit_height_check" CHECK (
        ("height" IS NOT NULL OR "credit_height" IS NULL) AND "credit_height" >= "height"
    ),
    ADD CONSTRAINT "deposit_cycle_check" CHECK (
        "cycle" >= 1 AND "booked_cycle" BETWEEN 1 AND "cycle" AND "begun_cycle" BETWEEN 1 AND "cycle"
    ),
    ADD CONSTRAINT "deposit_state_check" CHECK (
        "state" IN ('detected', 'confirming', 'credited', 'quarantined', 'dropped', 'reversed')
        AND ("state" IN ('confirming', 'credited', 'quarantined', 'reversed')) = ("booked_cycle" IS NOT NULL)
        AND ("state" = 'credited') = ("credited_at" IS NOT NULL)
    ),
    -- Nothing is credited without the block that it was credited for, nor to nobody, nor what is quarantined.
    ADD CONSTRAINT "deposit_credited_check" CHECK (
        num_nonnulls("booked_cycle", "booked_block_hash") IN (0, 2)
        AND ("state" <> 'credited' OR ("customer_id" IS NOT NULL AND "quarantine" IS NULL))
        AND ("state" <> 'quarantined' OR "quarantine" IS NOT NULL)
    ),
    ADD CONSTRAINT "deposit_begun_check" CHECK (
        num_nonnulls("begun_step", "begun_cycle", "begun_block_hash") IN (0, 3)
        AND "begun_step" IN ('hold', 'drop', 'credit', 'quarantine', 'unquarantine', 'reverse', 'recredit')
    ),
    ADD CONSTRAINT "deposit_quarantine_check" CHECK (
        "quarantine" IN ('dust', 'address_not_given', 'change_branch')
        AND ("customer_id" IS NOT NULL OR "quarantine" IS NOT NULL)
    ),
    ADD CONSTRAINT "deposit_counters_check" CHECK ("version" >= 1 AND "refusals" >= 0);

GRANT UPDATE ("pinned_at", "next_step_at", "failures") ON "signing_credential" TO trilock_app;
GRANT UPDATE ("state", "wallet_id", "assigned_at", "refusal") ON "account_key" TO trilock_app;
GRANT UPDATE ("state", "version", "descriptor", "descriptor_hash", "registration", "receipt", "next_receive_index",
    "next_change_index", "opened_at", "obstacle", "next_step_at", "failures") ON "wallet" TO trilock_app;
GRANT UPDATE ("customer_id", "label", "given_at") ON "wallet_address" TO trilock_app;
GRANT UPDATE ("height", "block_hash", "withheld", "spent_by_txid", "spent_height", "spent_block_hash",
    "reserved_for", "reserved_until") ON "coin" TO trilock_app;
GRANT UPDATE ("undone_at") ON "coin_spend" TO trilock_app;
GRANT UPDATE ("height", "block_hash", "credit_height", "cycle", "state", "version", "booked_cycle", "booked_block_hash", "begun_step",
    "begun_cycle", "begun_block_hash", "refusals", "refusal", "credited_at", "next_step_at") ON "deposit"
    TO trilock_app;
