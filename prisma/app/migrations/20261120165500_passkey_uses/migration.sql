-- The number that each passkey had counted to when it last signed something in the queue; it only goes up.
CREATE TABLE "passkey_use" (
    "credential" TEXT NOT NULL,
    "counter" BIGINT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "passkey_use_pkey" PRIMARY KEY ("credential", "counter"),
    CONSTRAINT "passkey_use_counter" CHECK ("counter" > 0)
);
