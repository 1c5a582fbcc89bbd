import type pg from 'pg';
import type { PostgresConfig } from '../config.ts';
import { errorCode } from '../errors.ts';
import { connect } from '../pool.ts';

/** Any constant that nobody else uses as an advisory lock key in the database `postgres`. */
const SUPERVISION_KEY = 7_203_011;

export type Supervision =
  | { readonly outcome: 'taken'; readonly client: pg.Client }
  /** Another living process supervises the server. */
  | { readonly outcome: 'refused' }
  /** The server does not answer as ours (yet). */
  | { readonly outcome: 'unreachable'; readonly starting: boolean };

/** The server is still coming up, recovering or going down: `cannot_connect_now`. */
const NOT_YET = '57P03';

/**
 * Takes on a server of ours: one connection that holds an advisory lock for as long as we live. The lock dies
 * with us even under SIGKILL, so it tells a supervised server from an orphan without any file to go stale.
 */
export async function superviseServer(config: PostgresConfig, dataDirectory: string): Promise<Supervision> {
  let client: pg.Client;
  try {
    client = await connect(config, { applicationName: 'trilock supervisor', idleInTransactionTimeoutMs: 0 });
  } catch (error) {
    return { outcome: 'unreachable', starting: errorCode(error) === NOT_YET };
  }
  try {
    const { rows } = await client.query<{ directory: string; taken: boolean }>(
      `SELECT current_setting('data_directory') AS directory, pg_try_advisory_lock($1) AS taken`,
      [SUPERVISION_KEY],
    );
    if (rows[0]?.directory === dataDirectory) {
      if (rows[0].taken) return { outcome: 'taken', client };
      await client.end();
      return { outcome: 'refused' };
    }
  } catch {
    // It went away while we asked.
  }
  await client.end().catch(() => undefined);
  return { outcome: 'unreachable', starting: false };
}
