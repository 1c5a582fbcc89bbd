import { Logger, runMigrations } from 'graphile-worker';
import type pg from 'pg';
import { LOGIN_ROLES } from '../roles.ts';
import { OneConnection } from './one-connection.ts';

/** The PostgreSQL schema of graphile-worker's job queue; a job joins the transaction that adds it. */
const JOB_SCHEMA = 'graphile_worker';

/**
 * Brings the job queue to the version of the installed graphile-worker and lets the application's role use it.
 * `client` acts as the owner and holds the migration lock. The package brings migrations of its own, each in
 * one transaction, and a worker that starts later finds nothing left to do.
 */
export async function deployJobQueue(client: pg.Client): Promise<void> {
  await runMigrations({
    pgPool: new OneConnection(client),
    schema: JOB_SCHEMA,
    logger: new Logger(() => () => undefined),
  });
  await client.query(grantsOf(LOGIN_ROLES.app));
}

/**
 * graphile-worker switches row level security on and adds no policy, so that its tables serve nobody but their
 * owner, who cannot sign in here.
 */
function grantsOf(role: string): string {
  return `
    GRANT USAGE ON SCHEMA ${JOB_SCHEMA} TO ${role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${JOB_SCHEMA} TO ${role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${JOB_SCHEMA} TO ${role};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${JOB_SCHEMA} TO ${role};
    REVOKE INSERT, UPDATE, DELETE ON ${JOB_SCHEMA}.migrations FROM ${role};
    DO $$
    DECLARE secured regclass;
    BEGIN
      FOR secured IN
        SELECT oid FROM pg_class
        WHERE relnamespace = '${JOB_SCHEMA}'::regnamespace AND relrowsecurity
          AND NOT EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid)
      LOOP
        EXECUTE format('CREATE POLICY application ON %s TO ${role} USING (true)', secured);
      END LOOP;
    END $$;`;
}
