import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum, bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import type pg from 'pg';
import { OneConnection } from './one-connection.ts';

interface Glue {
  readonly SchemaEngine: typeof SchemaEngine;
  readonly __wbg_set_wasm: (exports: WasmExports) => void;
}

interface WasmExports {
  readonly __wbindgen_start: () => void;
}

/** The part of the global that is used here; TypeScript describes it in its browser library alone. */
const { instantiate } = (
  globalThis as unknown as {
    WebAssembly: {
      instantiate: (
        bytes: Uint8Array,
        imports: Record<string, object>,
      ) => Promise<{ instance: { exports: WasmExports } }>;
    };
  }
).WebAssembly;

let loading: Promise<Glue> | undefined;

/**
 * Loads Prisma's schema engine. Its package imports the `.wasm` file as a module, which Node does not do
 * unasked, so the file is instantiated here.
 */
async function loadEngine(): Promise<Glue> {
  const gluePath = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const glue = (await import(gluePath)) as Glue;
  const bytes = await readFile(gluePath.replace(/\.js$/, '.wasm'));
  const { instance } = await instantiate(bytes, {
    './schema_engine_bg.js': withoutLingeringTimers(glue),
  });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue;
}

/**
 * The engine arms a timer of ten seconds whenever it takes its lock and never clears it; nobody who has migrated
 * should wait for that before the process can end.
 */
function withoutLingeringTimers(glue: Glue): object {
  return Object.fromEntries(
    Object.entries(glue).map(([name, member]) =>
      name.startsWith('__wbg_setTimeout_')
        ? [name, (callback: () => void, delayMs: number) => setTimeout(callback, delayMs).unref()]
        : [name, member],
    ),
  );
}

export interface EngineSession {
  readonly engine: SchemaEngine;
  /** What the database itself last said against a script; the engine passes on only that there was something. */
  readonly lastScriptError: () => Error | undefined;
}

class MigrationAdapter extends PrismaPg {
  readonly #client: pg.Client;
  readonly #connection: OneConnection;
  readonly #schema: string;
  readonly #openShadow: (() => Promise<pg.Client>) | undefined;
  scriptError: Error | undefined;

  constructor(client: pg.Client, schema: string, openShadow?: () => Promise<pg.Client>) {
    const connection = new OneConnection(client);
    super(connection, { schema });
    this.#connection = connection;
    this.#client = client;
    this.#schema = schema;
    this.#openShadow = openShadow;
  }

  override async connect() {
    const adapter = await super.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    // The engine insists on characters where it describes CHECK constraints.
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      for (const index of this.#connection.charColumns) result.columnTypes[index] = ColumnTypeEnum.Character;
      return result;
    };
    // The adapter's own version cuts at every semicolon, even inside a function body.
    adapter.executeScript = async (script) => {
      try {
        await this.#client.query(script);
      } catch (error) {
        this.scriptError = error instanceof Error ? error : new Error(String(error));
        throw error;
      }
    };
    return adapter;
  }

  override async connectToShadowDb() {
    if (this.#openShadow === undefined) throw new Error('This operation was not given a shadow database.');
    return new MigrationAdapter(await this.#openShadow(), this.#schema).connect();
  }
}

/**
 * Runs `work` with an engine on one connection, whose `search_path` must be `schema`. `openShadow` opens an
 * empty database for comparing; only `diff` needs it.
 */
export async function withEngine<T>(
  client: pg.Client,
  schema: string,
  work: (session: EngineSession) => Promise<T>,
  openShadow?: () => Promise<pg.Client>,
): Promise<T> {
  loading ??= loadEngine();
  const { SchemaEngine: Engine } = await loading;
  const adapter = new MigrationAdapter(client, schema, openShadow);
  const engine = await Engine.new(
    { datamodels: [['base.prisma', 'datasource db { provider = "postgresql" }']] },
    // Its log lines repeat what our results say.
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(adapter),
  );
  try {
    return await work({ engine, lastScriptError: () => adapter.scriptError });
  } finally {
    engine.free();
  }
}
