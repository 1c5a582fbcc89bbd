-- Windows for cold signing of which people were told, or that have passed: each is told of once.
CREATE TABLE "cold_window" (
    "opens_at" TIMESTAMPTZ(3) NOT NULL,
    "closes_at" TIMESTAMPTZ(3) NOT NULL,
    "told_at" TIMESTAMPTZ(3),
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "cold_window_pkey" PRIMARY KEY ("opens_at"),
    CONSTRAINT "cold_window_order_check" CHECK ("closes_at" > "opens_at")
);

GRANT UPDATE ("settled_at") ON "cold_window" TO trilock_app;
