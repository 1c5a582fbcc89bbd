-- The audit log and the outbox: appended unsealed by whoever acts, sealed into a gapless hash chain afterwards.

CREATE TABLE "sealed_stream" (
    "name" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "sealed_stream_pkey" PRIMARY KEY ("name")
);

CREATE TABLE "unsealed_entry" (
    "sequence" BIGSERIAL NOT NULL,
    "stream" TEXT NOT NULL,
    "entry_id" UUID NOT NULL,

    CONSTRAINT "unsealed_entry_pkey" PRIMARY KEY ("sequence")
);

CREATE TABLE "audit_entry" (
    "id" UUID NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "entity" TEXT NOT NULL,
    "content" TEXT NOT NULL,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "audit_entry_size" CHECK (octet_length("content") <= 65536),
    CONSTRAINT "audit_entry_columns" CHECK (
        ("content"::jsonb ->> 'actor') IS NOT DISTINCT FROM "actor"
        AND ("content"::jsonb ->> 'action') IS NOT DISTINCT FROM "action"
        AND ("content"::jsonb ->> 'entity') IS NOT DISTINCT FROM "entity"
    )
);

CREATE TABLE "audit_seal" (
    "position" BIGINT NOT NULL,
    "entry_id" UUID NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL,
    "previous_hash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_seal_pkey" PRIMARY KEY ("position"),
    CONSTRAINT "audit_seal_form" CHECK ("position" > 0 AND length("previous_hash") = 32 AND length("hash") = 32)
);

CREATE TABLE "outbox_event" (
    "id" UUID NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "type" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "content" TEXT NOT NULL,

    CONSTRAINT "outbox_event_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "outbox_event_size" CHECK (octet_length("content") <= 65536),
    CONSTRAINT "outbox_event_columns" CHECK (
        ("content"::jsonb ->> 'type') IS NOT DISTINCT FROM "type"
        AND ("content"::jsonb ->> 'subject') IS NOT DISTINCT FROM "subject"
    )
);

CREATE TABLE "outbox_seal" (
    "position" BIGINT NOT NULL,
    "entry_id" UUID NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL,
    "previous_hash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "outbox_seal_pkey" PRIMARY KEY ("position"),
    CONSTRAINT "outbox_seal_form" CHECK ("position" > 0 AND length("previous_hash") = 32 AND length("hash") = 32)
);

CREATE UNIQUE INDEX "unsealed_entry_stream_entry_id_key" ON "unsealed_entry"("stream", "entry_id");
CREATE INDEX "unsealed_entry_stream_sequence_idx" ON "unsealed_entry"("stream", "sequence");
CREATE INDEX "audit_entry_entity_occurred_at_idx" ON "audit_entry"("entity", "occurred_at");
CREATE INDEX "audit_entry_actor_occurred_at_idx" ON "audit_entry"("actor", "occurred_at");
CREATE UNIQUE INDEX "audit_seal_entry_id_key" ON "audit_seal"("entry_id");
CREATE INDEX "outbox_event_subject_occurred_at_idx" ON "outbox_event"("subject", "occurred_at");
CREATE UNIQUE INDEX "outbox_seal_entry_id_key" ON "outbox_seal"("entry_id");

ALTER TABLE "audit_seal" ADD CONSTRAINT "audit_seal_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "audit_entry"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "outbox_seal" ADD CONSTRAINT "outbox_seal_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "outbox_event"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Rows come and go here all the time; the default thresholds would let the dead ones pile up.
ALTER TABLE "unsealed_entry" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- A chain begins with the hash of nothing: 32 zero bytes.
INSERT INTO "sealed_stream" ("name", "position", "hash") VALUES
    ('audit', 0, decode(repeat('00', 32), 'hex')),
    ('events', 0, decode(repeat('00', 32), 'hex'));

-- The login role appends entries and reads everything. Chains, heads and the queue it cannot touch: it may only
-- ask for sealing, and has no say in order, hash or time.
REVOKE INSERT ON "sealed_stream", "unsealed_entry", "audit_seal", "outbox_seal" FROM trilock_app;
REVOKE ALL ON SEQUENCE "unsealed_entry_sequence_seq" FROM trilock_app;

-- Puts a new entry into the queue, within the transaction that appends it. The argument names the stream.
CREATE FUNCTION "queue_for_sealing"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO app.unsealed_entry (stream, entry_id) VALUES (TG_ARGV[0], NEW.id);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION "queue_for_sealing"() FROM PUBLIC, trilock_app;

CREATE TRIGGER "audit_entry_queue" AFTER INSERT ON "audit_entry"
    FOR EACH ROW EXECUTE FUNCTION "queue_for_sealing"('audit');
CREATE TRIGGER "outbox_event_queue" AFTER INSERT ON "outbox_event"
    FOR EACH ROW EXECUTE FUNCTION "queue_for_sealing"('events');

-- Seals what is committed and waits, at most so many, and returns how many. The row of the stream is the lock:
-- a second sealer does not wait, it returns 0. Only committed rows are seen, each once, and a row of the queue
-- goes in the transaction in which its seal comes: nothing is skipped or sealed twice, whatever commits when.
-- hash = SHA-256("trilock:seal:1:<stream>:<position>:<sealed at, ms>:<previous hash>:" content)
CREATE FUNCTION "seal_entries"(stream_name text, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    entries text;
    seals text;
    head_position bigint;
    head_hash bytea;
    previous bytea;
    item record;
    sealed integer := 0;
    sealing_time timestamptz(3) := clock_timestamp();
    time_ms text := (extract(epoch FROM sealing_time) * 1000)::bigint::text;
BEGIN
    CASE stream_name
        WHEN 'audit' THEN entries := 'audit_entry'; seals := 'audit_seal';
        WHEN 'events' THEN entries := 'outbox_event'; seals := 'outbox_seal';
    END CASE;
    SELECT s.position, s.hash INTO head_position, head_hash
        FROM app.sealed_stream s WHERE s.name = stream_name FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    FOR item IN EXECUTE format(
        'SELECT u.sequence, u.entry_id, e.content FROM app.unsealed_entry u
         LEFT JOIN app.%I e ON e.id = u.entry_id
         WHERE u.stream = $1 ORDER BY u.sequence LIMIT $2', entries) USING stream_name, at_most
    LOOP
        IF item.content IS NULL THEN
            RAISE EXCEPTION 'the entry % of % vanished before it was sealed', item.entry_id, stream_name
                USING ERRCODE = 'data_corrupted';
        END IF;
        previous := head_hash;
        head_position := head_position + 1;
        head_hash := sha256(convert_to(format('trilock:seal:1:%s:%s:%s:%s:%s',
            stream_name, head_position, time_ms, encode(previous, 'hex'), item.content), 'UTF8'));
        EXECUTE format('INSERT INTO app.%I (position, entry_id, sealed_at, previous_hash, hash)
            VALUES ($1, $2, $3, $4, $5)', seals)
            USING head_position, item.entry_id, sealing_time, previous, head_hash;
        DELETE FROM app.unsealed_entry u WHERE u.sequence = item.sequence;
        sealed := sealed + 1;
    END LOOP;
    IF sealed > 0 THEN
        UPDATE app.sealed_stream s SET position = head_position, hash = head_hash WHERE s.name = stream_name;
    END IF;
    RETURN sealed;
END
$$;
REVOKE ALL ON FUNCTION "seal_entries"(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "seal_entries"(text, integer) TO trilock_app;
