import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestHash } from '../../src/intents/index.ts';
import { postgresUrl } from '../../src/postgres/index.ts';
import { institution, signedManifest } from '../fixtures/intents.ts';
import { createTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { trilock } from './support/trilock-process.ts';

let folder: string;
let database: TestDatabase;
const house = institution();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trilock-signer-'));
  await mkdir(join(folder, 'witness'));
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(signedManifest(house, house.manifest)));
  await writeFile(join(folder, 'nonsense.json'), '{"manifest":1}');
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const sockets = () => ({
  TRILOCK_SIGNER_SOCKET: join(folder, 'signer.socket'),
  TRILOCK_WITNESS_SOCKET: join(folder, 'witness.socket'),
});

const signerSettings = () => ({
  ...sockets(),
  TRILOCK_NETWORK: 'regtest',
  TRILOCK_SIGNER_DATABASE_URL: postgresUrl(database.signer),
  TRILOCK_SIGNER_DIRECTORY: join(folder, 'signer'),
  TRILOCK_FIRST_MANIFEST: manifestHash(house.manifest),
});

async function admin(...words: string[]): Promise<{ status: number | string; output: string }> {
  const { TRILOCK_SIGNER_SOCKET } = sockets();
  const run = trilock(['signer-admin', ...words], { TRILOCK_SIGNER_SOCKET });
  const status = await run.ended;
  return { status, output: run.output() };
}

describe('trilock signer and signer-admin', () => {
  it('load the manifest, show how it stands, stop it, and show why', async () => {
    await trilock(['witness'], {
      ...sockets(),
      TRILOCK_WITNESS_DIRECTORY: join(folder, 'witness'),
    }).said(/"ready"/);
    await trilock(['signer'], signerSettings()).said(/"ready"/);

    const fresh = await admin('status');
    expect(fresh.status).toBe(0);
    expect(JSON.parse(fresh.output)).toMatchObject({ manifest: null, sealed: null, network: 'regtest' });
    const wrong = await admin('load-manifest', join(folder, 'nonsense.json'));
    expect(wrong.status).not.toBe(0);
    expect(wrong.output).toMatch(/^trilock: .*nonsense\.json is not a signed manifest\.\n$/);

    const loaded = await admin('load-manifest', join(folder, 'manifest.json'));
    expect(JSON.parse(loaded.output)).toMatchObject({ number: 1, hash: manifestHash(house.manifest) });
    expect((await admin('seal', 'an exercise')).status).toBe(0);
    const sealed = await admin('status');
    expect(sealed.status).toBe(1);
    expect(JSON.parse(sealed.output)).toMatchObject({ sealed: { reason: 'It was sealed: an exercise' } });
    const { output } = await admin('alerts');
    expect((JSON.parse(output) as { kind: string }[]).map(({ kind }) => kind)).toEqual([
      'manifest',
      'sealed',
    ]);
  });

  it('refuse the published demo keys as masters on mainnet', async () => {
    const demo = join(import.meta.dirname, '../../keys/demo');
    const run = trilock(['signer'], {
      ...signerSettings(),
      TRILOCK_NETWORK: 'mainnet',
      TRILOCK_SIGNER_MASTER_KEYS: ['a', 'b']
        .map((letter) => join(demo, `DEMO-cold-master-${letter}.pub.pem`))
        .join(','),
    });
    expect(await run.ended).toBe(78);
    expect(run.output()).toMatch(/^trilock: TRILOCK_SIGNER_MASTER_KEYS names a published demo key\.\n$/);
  });
});
