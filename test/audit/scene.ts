import { openDatabase, sealBatch, type Database, type SealedStream } from '../../src/database/index.ts';
import { connect } from '../../src/postgres/index.ts';
import { createTestDatabase, type TestDatabase } from '../postgres/test-database.ts';

/** A database of its own with the application's client on it. */
export interface Scene {
  readonly server: TestDatabase;
  readonly database: Database;
  /** Runs statements as the superuser with triggers and foreign keys off: whatever an attacker there can do. */
  tamper(statement: string): Promise<void>;
  close(): Promise<void>;
}

export async function openScene(): Promise<Scene> {
  const server = await createTestDatabase();
  const database = openDatabase(server.app);
  return {
    server,
    database,
    async tamper(statement) {
      const client = await connect(server.superuser);
      try {
        await client.query(`SET session_replication_role = replica; SET search_path = app; ${statement}`);
      } finally {
        await client.end();
      }
    },
    async close() {
      await database.$disconnect();
      await server.drop();
    },
  };
}

/** Seals all that is committed by now. */
export async function sealAll(database: Database, stream: SealedStream): Promise<void> {
  while ((await sealBatch(database, stream)) > 0);
}
