import { createReadStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { getHeapSnapshot } from 'node:v8';
import { connect } from '../../src/postgres/index.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mnemonicOfEntropy } from '../../src/bitcoin/index.ts';
import { seedOfEntropy } from '../../src/keyring/index.ts';
import { checkBundle, requireSignable, signBundle } from '../../src/station/index.ts';
import { bundleOf, payoutIntent, registeredWallet } from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';
import { FIXTURE_PASSPHRASE } from '../fixtures/masters.ts';
import { CustodyHouse } from '../wallets/custody-house.ts';
import { registerWallet } from '../../src/station/index.ts';
import { mastersOf, stationHouse, temporaryRoot, type StationHouse } from './offices.ts';

/** Stands in the database, so that the search is known to find what is there. */
const MARKER = 'a-text-that-was-written-to-the-database';

let root: string;
let stationed: StationHouse;
let house: CustodyHouse;

beforeAll(async () => {
  root = await temporaryRoot();
  stationed = await stationHouse(root, 3);
  const attester = stationed.house.attesters.cold;
  house = await CustodyHouse.open({ attester, keys: stationed.keys });
});
afterAll(async () => {
  await house.close();
  await rm(root, { recursive: true, force: true });
});

/** Every spelling of the keys' secrets that somebody might have written, as bytes. */
function needles(): Buffer[] {
  return stationed.keys.flatMap(({ entropy }) => {
    const words = mnemonicOfEntropy(entropy);
    const seed = seedOfEntropy(entropy);
    return [
      Buffer.from(words.split(' ').slice(0, 5).join(' ')),
      ...[entropy, seed].flatMap((bytes) => [
        Buffer.from(bytes.subarray(0, 24)),
        Buffer.from(bytes.toString('hex').slice(0, 40)),
        Buffer.from(bytes.toString('base64').slice(0, 30)),
        Buffer.from(bytes.toString('base64url').slice(0, 30)),
      ]),
    ];
  });
}

/** Which of the texts a stream holds, also across the borders of its chunks. */
async function found(stream: AsyncIterable<Buffer | string>, texts: readonly Buffer[]): Promise<number[]> {
  const longest = Math.max(...texts.map(({ length }) => length));
  const hits = new Set<number>();
  let tail = Buffer.alloc(0);
  for await (const chunk of stream) {
    const bytes = Buffer.concat([tail, typeof chunk === 'string' ? Buffer.from(chunk) : chunk]);
    texts.forEach((text, at) => {
      if (bytes.includes(text)) hits.add(at);
    });
    tail = bytes.subarray(Math.max(0, bytes.length - longest));
  }
  return [...hits];
}

async function searchFolder(
  folder: string,
  texts: readonly Buffer[],
): Promise<{ files: number; hits: number[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const hits = new Set<number>();
  for (const { parentPath, name } of files) {
    // Other tests' databases come and go.
    const stream = createReadStream(join(parentPath, name), { highWaterMark: 1 << 20 });
    for (const at of await found(stream, texts).catch(() => [])) hits.add(at);
  }
  return { files: files.length, hits: [...hits] };
}

describe('the secrets of keys, after keys were made, imported, put into wallets and used', () => {
  beforeAll(async () => {
    await house.vault();
    await house.treasury();
    const wallet = registeredWallet(stationed.house, 'vault', { keys: { cold: stationed.keys[2]! } });
    await registerWallet(stationed.station, wallet);
    const bundle = bundleOf(stationed.house, wallet, [payoutIntent(wallet)]);
    const signable = await requireSignable(
      stationed.station,
      await checkBundle(stationed.station, bundle, NOW),
      { nowMs: NOW },
    );
    await signBundle(stationed.station, signable, mastersOf('cold'));
  });

  it('are in no file of the database, its WAL and logs included, nor in what it would dump', async () => {
    const client = await connect(house.scene.database.superuser, { statementTimeoutMs: 0 });
    try {
      await client.query(`CREATE TABLE public.marker AS SELECT '${MARKER}' AS text`);
      await client.query('CHECKPOINT');
      const texts = [Buffer.from(MARKER), Buffer.from(FIXTURE_PASSPHRASE), ...needles()];
      const { rows: tables } = await client.query<{ name: string }>(
        `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
         WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
      );
      const dumped = new Set<number>();
      for (const { name } of tables) {
        const { rows } = await client.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
        const lines = rows.map(({ text }) => `${text}\n`);
        for (const at of await found(asStream(lines), texts)) dumped.add(at);
      }
      expect([...dumped]).toEqual([0]);
      const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
      const { files, hits } = await searchFolder(rows[0]?.data_directory ?? '', texts);
      expect(files).toBeGreaterThan(500);
      expect(hits).toEqual([0]);
    } finally {
      await client.end();
    }
  });

  it('are in no file of station, sites, signer and witness', async () => {
    const texts = [Buffer.from('BEGIN ENCRYPTED PRIVATE KEY'), Buffer.from(FIXTURE_PASSPHRASE), ...needles()];
    expect((await searchFolder(root, texts)).hits).toEqual([0]);
    expect((await searchFolder(house.scene.directory, texts)).hits.filter((at) => at > 0)).toEqual([]);
  });

  it('are in no string of the program’s memory, as a heap dump would show it', async () => {
    const snapshot = getHeapSnapshot();
    const chunks: Buffer[] = [];
    for await (const chunk of snapshot) chunks.push(Buffer.from(chunk as Buffer));
    // The searched texts are made after the snapshot was taken, so it cannot show them.
    const texts = [Buffer.from(MARKER), ...needles()];
    expect(await found(asStream(chunks), texts)).toEqual([0]);
  });
});

async function* asStream<T>(parts: readonly T[]): AsyncGenerator<T> {
  for (const part of parts) yield await Promise.resolve(part);
}
