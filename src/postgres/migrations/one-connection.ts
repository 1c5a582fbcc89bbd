import pg from 'pg';

/** PostgreSQL's internal type "char", which the catalogues use and Prisma's adapter refuses to read. */
const ONE_BYTE_CHAR = 18;
const TEXT = 25;

/**
 * Prisma's adapter wants a pool; this one is a single connection, kept even after an error (a pool would throw it
 * away, and with it our transaction, our lock and our `search_path`).
 */
export class OneConnection extends pg.Pool {
  readonly #client: pg.Client;
  /** Which columns of the newest result are of type "char". */
  charColumns: readonly number[] = [];

  constructor(client: pg.Client) {
    super({ max: 1 });
    this.#client = client;
    const query = async (statement: string | pg.QueryConfig): Promise<pg.QueryResult> => {
      const result = await client.query(statement);
      this.charColumns = result.fields.flatMap((field, index) =>
        field.dataTypeID === ONE_BYTE_CHAR ? [index] : [],
      );
      for (const field of result.fields) if (field.dataTypeID === ONE_BYTE_CHAR) field.dataTypeID = TEXT;
      return result;
    };
    this.query = query as typeof this.query;
  }

  override connect(): Promise<pg.PoolClient> {
    return Promise.resolve(Object.assign(this.#client, { release: () => undefined }));
  }
}
