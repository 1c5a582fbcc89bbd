-- Who there is and how they prove it: see prisma/app/schema/identity.prisma.

CREATE TABLE "customer" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "customer_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "staff" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "roles" TEXT[],
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),

    CONSTRAINT "staff_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "integrator" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),

    CONSTRAINT "integrator_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "credential" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "customer_id" UUID,
    "staff_id" UUID,
    "integrator_id" UUID,
    "label" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "slot" TEXT,
    "password_hash" TEXT,
    "totp_sealed" BYTEA,
    "totp_last_step" BIGINT,
    "passkey_id" BYTEA,
    "public_key" BYTEA,
    "sign_count" BIGINT,
    "transports" TEXT[],
    "certificate" BYTEA,
    "secret_hash" BYTEA,
    "scopes" TEXT[],

    CONSTRAINT "credential_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "session" (
    "id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "customer_id" UUID,
    "staff_id" UUID,
    "factors" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "end_reason" TEXT,
    "client_address" TEXT NOT NULL,
    "user_agent" TEXT,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "customer_email_key" ON "customer"("email");

CREATE UNIQUE INDEX "staff_email_key" ON "staff"("email");

CREATE UNIQUE INDEX "integrator_name_key" ON "integrator"("name");

CREATE UNIQUE INDEX "credential_slot_key" ON "credential"("slot");

CREATE UNIQUE INDEX "credential_passkey_id_key" ON "credential"("passkey_id");

CREATE UNIQUE INDEX "credential_secret_hash_key" ON "credential"("secret_hash");

CREATE INDEX "credential_customer_id_idx" ON "credential"("customer_id");

CREATE INDEX "credential_staff_id_idx" ON "credential"("staff_id");

CREATE INDEX "credential_integrator_id_idx" ON "credential"("integrator_id");

CREATE UNIQUE INDEX "session_token_hash_key" ON "session"("token_hash");

CREATE INDEX "session_customer_id_idx" ON "session"("customer_id");

CREATE INDEX "session_staff_id_idx" ON "session"("staff_id");

ALTER TABLE "credential" ADD CONSTRAINT "credential_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "credential" ADD CONSTRAINT "credential_staff_id_fkey" FOREIGN KEY ("staff_id") REFERENCES "staff"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "credential" ADD CONSTRAINT "credential_integrator_id_fkey" FOREIGN KEY ("integrator_id") REFERENCES "integrator"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "session" ADD CONSTRAINT "session_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "session" ADD CONSTRAINT "session_staff_id_fkey" FOREIGN KEY ("staff_id") REFERENCES "staff"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "customer"
    ADD CONSTRAINT "customer_email_check" CHECK ("email" = lower("email") AND length("email") BETWEEN 3 AND 254),
    ADD CONSTRAINT "customer_name_check" CHECK (length("display_name") BETWEEN 1 AND 200),
    ADD CONSTRAINT "customer_version_check" CHECK ("version" >= 1);

ALTER TABLE "staff"
    ADD CONSTRAINT "staff_email_check" CHECK ("email" = lower("email") AND length("email") BETWEEN 3 AND 254),
    ADD CONSTRAINT "staff_name_check" CHECK (length("display_name") BETWEEN 1 AND 200),
    ADD CONSTRAINT "staff_version_check" CHECK ("version" >= 1),
    ADD CONSTRAINT "staff_roles_check" CHECK (
        "roles" IS NOT NULL AND cardinality("roles") >= 1
        AND "roles" <@ ARRAY['compliance', 'officer', 'auditor', 'operator', 'admin']
    );

ALTER TABLE "integrator"
    ADD CONSTRAINT "integrator_name_check" CHECK (length("name") BETWEEN 1 AND 200),
    ADD CONSTRAINT "integrator_version_check" CHECK ("version" >= 1);

ALTER TABLE "credential"
    ADD CONSTRAINT "credential_kind_check" CHECK (
        "kind" IN ('password', 'totp', 'passkey', 'rsa_signing_key', 'rsa_decryption_key', 'api_key')
    ),
    ADD CONSTRAINT "credential_owner_check" CHECK (num_nonnulls("customer_id", "staff_id", "integrator_id") = 1),
    ADD CONSTRAINT "credential_integrator_check" CHECK ("integrator_id" IS NULL OR "kind" = 'api_key'),
    ADD CONSTRAINT "credential_slot_check" CHECK (
        ("slot" IS NOT NULL) = ("kind" IN ('password', 'totp') AND "revoked_at" IS NULL)
    ),
    -- Secrets exist exactly as long as they count.
    ADD CONSTRAINT "credential_password_check" CHECK (
        ("password_hash" IS NOT NULL) = ("kind" = 'password' AND "revoked_at" IS NULL)
        AND ("password_hash" IS NULL OR "password_hash" LIKE '$argon2id$%')
    ),
    ADD CONSTRAINT "credential_totp_check" CHECK (
        ("totp_sealed" IS NOT NULL) = ("kind" = 'totp' AND "revoked_at" IS NULL)
        AND ("totp_last_step" IS NULL OR "kind" = 'totp')
    ),
    ADD CONSTRAINT "credential_passkey_check" CHECK (
        ("passkey_id" IS NOT NULL) = ("kind" = 'passkey')
        AND ("sign_count" IS NOT NULL) = ("kind" = 'passkey')
        AND ("sign_count" IS NULL OR "sign_count" >= 0)
    ),
    ADD CONSTRAINT "credential_public_key_check" CHECK (
        ("public_key" IS NOT NULL) = ("kind" IN ('passkey', 'rsa_signing_key', 'rsa_decryption_key'))
    ),
    ADD CONSTRAINT "credential_certificate_check" CHECK (
        "certificate" IS NULL OR "kind" IN ('rsa_signing_key', 'rsa_decryption_key')
    ),
    ADD CONSTRAINT "credential_api_key_check" CHECK (
        ("secret_hash" IS NOT NULL) = ("kind" = 'api_key')
        AND ("secret_hash" IS NULL OR octet_length("secret_hash") = 32)
        AND ("kind" = 'api_key') = (coalesce(cardinality("scopes"), 0) > 0)
    );

-- What is revoked stays revoked.
CREATE FUNCTION "credential_stay_revoked"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."revoked_at" IS NOT NULL THEN
        RAISE EXCEPTION 'a revoked credential is final';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "credential_stay_revoked" BEFORE UPDATE ON "credential"
    FOR EACH ROW EXECUTE FUNCTION "credential_stay_revoked"();

ALTER TABLE "session"
    ADD CONSTRAINT "session_owner_check" CHECK (num_nonnulls("customer_id", "staff_id") = 1),
    ADD CONSTRAINT "session_token_check" CHECK (octet_length("token_hash") = 32),
    ADD CONSTRAINT "session_factors_check" CHECK (
        "factors" IS NOT NULL AND cardinality("factors") >= 1
        AND "factors" <@ ARRAY['password', 'totp', 'passkey']
    ),
    ADD CONSTRAINT "session_times_check" CHECK ("expires_at" > "created_at" AND "last_seen_at" >= "created_at"),
    ADD CONSTRAINT "session_end_check" CHECK (
        ("ended_at" IS NULL) = ("end_reason" IS NULL)
        AND "end_reason" IN ('signed_out', 'rotated', 'revoked', 'credential_changed')
    );

-- What has ended stays ended.
CREATE FUNCTION "session_stay_ended"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD."ended_at" IS NOT NULL THEN
        RAISE EXCEPTION 'an ended session is final';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER "session_stay_ended" BEFORE UPDATE ON "session"
    FOR EACH ROW EXECUTE FUNCTION "session_stay_ended"();

GRANT UPDATE ("display_name", "version") ON "customer" TO trilock_app;
GRANT UPDATE ("display_name", "roles", "version", "disabled_at") ON "staff" TO trilock_app;
GRANT UPDATE ("version", "disabled_at") ON "integrator" TO trilock_app;
GRANT UPDATE ("label", "confirmed_at", "last_used_at", "revoked_at", "slot", "password_hash", "totp_sealed",
    "totp_last_step", "sign_count") ON "credential" TO trilock_app;
GRANT UPDATE ("last_seen_at", "ended_at", "end_reason") ON "session" TO trilock_app;
