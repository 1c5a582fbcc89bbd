-- The payment ledger. Everything belongs to the owner, who cannot log in; the ledger's own role may append to
-- the log and read it, and can neither change nor remove a line of it.

-- The log: one row per batch. Records are fixed 128-byte lines, stored out of line and uncompressed, so that a
-- single record can be read without the rest of its batch. Hashes are cut out of the header, so that the row
-- has one truth.
CREATE TABLE ledger.batch (
  sequence bigint NOT NULL CHECK (sequence > 0),
  epoch bigint NOT NULL CHECK (epoch > 0),
  record_count integer NOT NULL CHECK (record_count BETWEEN 1 AND 8190),
  first_position bigint NOT NULL CHECK (first_position >= 0),
  time_ms bigint NOT NULL CHECK (time_ms >= 0),
  header bytea NOT NULL CHECK (octet_length(header) = 128),
  previous_hash bytea NOT NULL GENERATED ALWAYS AS (substring(header FROM 65 FOR 32)) STORED,
  hash bytea NOT NULL GENERATED ALWAYS AS (substring(header FROM 97 FOR 32)) STORED,
  records bytea NOT NULL CHECK (octet_length(records) = record_count * 128),
  PRIMARY KEY (sequence)
) PARTITION BY RANGE (sequence);
ALTER TABLE ledger.batch ALTER COLUMN records SET STORAGE EXTERNAL;
-- Logged time never goes back, so this finds where a day begins.
CREATE INDEX batch_time ON ledger.batch (time_ms);

-- Makes sure that the log has room for `sequence` and for the partition after it. Called by the ledger well
-- before a partition is full: attaching takes no lock that stops readers or the writer. A million batches
-- (up to a terabyte) to a partition.
CREATE FUNCTION ledger.prepare_partitions(up_to bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  size CONSTANT bigint := 1000000;
  first_part CONSTANT bigint := greatest(up_to, 1) / size;
  part bigint;
  name text;
BEGIN
  PERFORM pg_advisory_xact_lock(1279607879, -1);
  FOR part IN first_part .. first_part + 1 LOOP
    name := 'batch_' || part;
    IF to_regclass('ledger.' || quote_ident(name)) IS NULL THEN
      EXECUTE format('CREATE TABLE ledger.%I (LIKE ledger.batch INCLUDING ALL)', name);
      EXECUTE format('ALTER TABLE ledger.batch ATTACH PARTITION ledger.%I FOR VALUES FROM (%s) TO (%s)',
                     name, part * size, (part + 1) * size);
    END IF;
  END LOOP;
END $$;
SELECT ledger.prepare_partitions(1);

-- Who leads. An append goes through only while this row carries the appender's epoch.
CREATE TABLE ledger.lease (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  epoch bigint NOT NULL CHECK (epoch >= 0),
  holder text NOT NULL,
  beat bigint NOT NULL CHECK (beat >= 0)
);
INSERT INTO ledger.lease (epoch, holder, beat) VALUES (0, '', 0);

-- States of the whole ledger after a batch, to shorten recovery. They can always be made again from the log.
CREATE TABLE ledger.checkpoint (
  sequence bigint PRIMARY KEY CHECK (sequence > 0),
  batch_hash bytea NOT NULL CHECK (octet_length(batch_hash) = 32),
  checkpoint_hash bytea NOT NULL CHECK (octet_length(checkpoint_hash) = 32),
  byte_length bigint NOT NULL CHECK (byte_length > 0),
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ledger.checkpoint_part (
  sequence bigint NOT NULL REFERENCES ledger.checkpoint (sequence) ON DELETE CASCADE,
  part integer NOT NULL CHECK (part >= 0),
  bytes bytea NOT NULL,
  PRIMARY KEY (sequence, part)
);
ALTER TABLE ledger.checkpoint_part ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- The index for reading, written by a follower of the log after the commit, and rebuildable from it.
CREATE TABLE ledger.index_position (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  sequence bigint NOT NULL CHECK (sequence >= 0)
);
INSERT INTO ledger.index_position (sequence) VALUES (0);

-- Every id that was ever logged, rejected ones included: an id is never accepted twice.
CREATE TABLE ledger.transfer_index (
  id bytea PRIMARY KEY CHECK (octet_length(id) = 16),
  position bigint NOT NULL CHECK (position >= 0),
  sequence bigint NOT NULL
);
-- The movements of an account in the order of the log. A position counts records from the log's beginning.
CREATE TABLE ledger.account_index (
  account bytea NOT NULL CHECK (octet_length(account) = 16),
  position bigint NOT NULL CHECK (position >= 0),
  sequence bigint NOT NULL,
  PRIMARY KEY (account, position)
);
-- A digest per record, so that a verifier can name the record that was altered inside a batch.
CREATE TABLE ledger.batch_digest (
  sequence bigint PRIMARY KEY,
  digests bytea NOT NULL
);
ALTER TABLE ledger.batch_digest ALTER COLUMN digests SET STORAGE EXTERNAL;

-- Beyond reading and appending, which the ledger's role may do to every table of its schema:
REVOKE INSERT ON ledger.lease, ledger.index_position FROM trilock_ledger;
GRANT UPDATE (epoch, holder, beat) ON ledger.lease TO trilock_ledger;
GRANT UPDATE (sequence) ON ledger.index_position TO trilock_ledger;
GRANT DELETE ON ledger.checkpoint TO trilock_ledger;
