import pg from 'pg';
import { connect, type PostgresConfig } from '../../postgres/index.ts';
import { LedgerError } from '../errors.ts';

export interface PostgresConnectionOptions {
  /** How to log in as the ledger's own database role. */
  readonly database: PostgresConfig;
  /** A statement without an answer for this long counts as torn, and its connection is dropped. */
  readonly queryTimeoutMs: number;
  readonly applicationName: string;
  /** Runs on each new connection before it is used. */
  readonly prepare?: (client: pg.Client) => Promise<void>;
}

/**
 * One connection for one purpose, opened when needed and dropped after any error that leaves its state in
 * doubt, so that the next statement starts on a fresh one. It retries nothing: what an error means for a
 * write is for the caller to find out.
 */
export class PostgresConnection {
  readonly #options: PostgresConnectionOptions;
  readonly #onLost: (() => void) | undefined;
  #opening: Promise<pg.Client> | undefined;
  #current: pg.Client | undefined;
  #closed = false;

  constructor(options: PostgresConnectionOptions, onLost?: () => void) {
    this.#options = options;
    this.#onLost = onLost;
  }

  /** @throws LedgerError `ledger_store_unavailable`, whatever went wrong. */
  async query<Row extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<Row>> {
    return await this.#use((client) => client.query<Row>(config), leavesConnectionUsable);
  }

  /** Runs `work` between BEGIN and COMMIT; rolls back by dropping the connection. */
  async transaction(work: (client: pg.Client) => Promise<void>): Promise<void> {
    await this.#use(
      async (client) => {
        await client.query('BEGIN');
        await work(client);
        const { command } = await client.query('COMMIT');
        if (command !== 'COMMIT') throw new Error('the transaction was rolled back');
      },
      () => false,
    );
  }

  /** Opens it now. @throws LedgerError `ledger_store_unavailable`. */
  async open(): Promise<void> {
    await this.#use(() => Promise.resolve(), leavesConnectionUsable);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opening = this.#opening;
    this.#opening = undefined;
    await opening?.then((client) => client.end()).catch(() => undefined);
  }

  async #use<T>(
    work: (client: pg.Client) => Promise<T>,
    isUsableAfter: (error: unknown) => boolean,
  ): Promise<T> {
    if (this.#closed) throw unavailable(new Error('the connection is closed'));
    const opening = (this.#opening ??= this.#connect());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), this.#options.queryTimeoutMs);
    });
    try {
      return await Promise.race([opening.then(work), late]);
    } catch (error) {
      if (!isUsableAfter(error)) this.#drop(opening);
      throw unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #connect(): Promise<pg.Client> {
    const { database, applicationName, prepare } = this.#options;
    const client = await connect(database, { applicationName });
    client.once('end', () => {
      if (this.#opening !== undefined && this.#current === client) this.#drop(this.#opening);
    });
    try {
      await prepare?.(client);
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
    this.#current = client;
    return client;
  }

  #drop(opening: Promise<pg.Client>): void {
    if (this.#opening !== opening) return;
    this.#opening = undefined;
    this.#current = undefined;
    opening.then(destroySocket, () => undefined);
    this.#onLost?.();
  }
}

/** Not `end()`: a torn connection would wait for an answer that never comes. */
function destroySocket(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

function leavesConnectionUsable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}

function unavailable(error: unknown): LedgerError {
  if (error instanceof LedgerError) return error;
  return new LedgerError('ledger_store_unavailable', 'The ledger’s database does not answer.', {
    retryable: true,
    internal: error instanceof Error ? error.message : String(error),
    cause: error,
  });
}
