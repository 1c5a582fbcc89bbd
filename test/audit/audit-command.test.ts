import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { appendAudit, AUDIT_STREAM, readAuditHead } from '../../src/audit/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { auditCheckpointDigest, type AuditCheckpoint } from '../../src/intents/index.ts';
import { postgresUrl } from '../../src/postgres/index.ts';
import { newId } from '../../src/shared/index.ts';
import { ed25519Signer } from '../fixtures/signing-keys.ts';
import { runCommand, type Outcome } from '../main/support/run-command.ts';
import { openScene, sealAll, type Scene } from './scene.ts';

const signer = ed25519Signer();
const ENTRIES = 8;

let folder: string;
let scene: Scene;
let kept: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trilock-audit-'));
  scene = await openScene();
  for (let step = 1; step <= ENTRIES; step += 1) {
    await inTransaction(scene.database, (tx) =>
      appendAudit(tx, {
        ...{ actor: { kind: 'staff', id: newId('staff') }, strength: 'passkey' },
        ...{ action: 'test.step', entity: newId('account'), before: { step: step - 1 }, after: { step } },
      }),
    );
    await sealAll(scene.database, AUDIT_STREAM);
  }
  kept = await checkpoint('kept.json');
  await scene.tamper(
    `ALTER TABLE audit_seal DROP CONSTRAINT audit_seal_form;
     ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_columns;
     CREATE SCHEMA kept; CREATE TABLE kept.entry AS TABLE audit_entry; CREATE TABLE kept.seal AS TABLE audit_seal;
     CREATE TABLE kept.head AS TABLE sealed_stream`,
  );
});
afterEach(() =>
  scene.tamper(
    `DELETE FROM audit_seal; DELETE FROM audit_entry; DELETE FROM sealed_stream; DELETE FROM unsealed_entry;
     INSERT INTO audit_entry SELECT * FROM kept.entry; INSERT INTO audit_seal SELECT * FROM kept.seal;
     INSERT INTO sealed_stream SELECT * FROM kept.head`,
  ),
);
afterAll(async () => {
  await scene.close();
  await rm(folder, { recursive: true, force: true });
});

/** The log as it stands, attested: what was published and put away. */
async function checkpoint(name: string, by = signer): Promise<string> {
  const { position, hash } = await readAuditHead(scene.database);
  const statement: AuditCheckpoint['statement'] = {
    purpose: 'audit checkpoint',
    network: 'regtest',
    ...{ position: position.toString(), head: hash },
    previous: { position: '0', head: '0'.repeat(64) },
    attestedAt: '2026-06-01T12:00:00.000Z',
  };
  const signature = by.sign(auditCheckpointDigest(statement));
  const path = join(folder, name);
  await writeFile(path, JSON.stringify({ statement, attestedBy: by.publicKey, signature }));
  return path;
}

function keyText({ publicKey }: ReturnType<typeof ed25519Signer>): string {
  if (publicKey.algorithm !== 'ed25519') throw new Error('a machine signs');
  return Buffer.from(publicKey.raw, 'base64url').toString('hex');
}

const audit = (...words: string[]): Promise<Outcome> =>
  runCommand(['audit', ...words], { DATABASE_URL: postgresUrl(scene.server.app) });

const verify = (file = kept, by = signer): Promise<Outcome> =>
  audit('verify', '--checkpoint', file, '--signer-key', keyText(by));

/** A perfect forgery of everything that is stored: an entry edited, and all hashes after it computed anew. */
const REWRITE = `
  UPDATE audit_entry SET content = replace(content, '"step":4', '"step":9')
    WHERE id = (SELECT entry_id FROM audit_seal WHERE position = 4);
  DO $$ DECLARE s record; e record; previous bytea := decode(repeat('00', 32), 'hex'); BEGIN
    FOR s IN SELECT * FROM audit_seal ORDER BY position LOOP
      SELECT * INTO e FROM audit_entry WHERE id = s.entry_id;
      UPDATE audit_seal SET previous_hash = previous, hash = sha256(convert_to(format('trilock:seal:1:audit:%s:%s:%s:%s',
        s.position, (extract(epoch FROM s.sealed_at) * 1000)::bigint, encode(previous, 'hex'), e.content), 'UTF8'))
        WHERE position = s.position RETURNING hash INTO previous;
    END LOOP;
    UPDATE sealed_stream SET hash = previous WHERE name = 'audit';
  END $$;`;

describe('trilock audit verify --checkpoint', () => {
  it('says how far an untouched log is proven', async () => {
    const { status, lines } = await verify();
    expect(status).toBe(0);
    expect(lines).toEqual([
      expect.stringMatching(/^intact: 8 entries, 0 not sealed yet, head [0-9a-f]{64}$/),
      'proven up to position 8, 0 after it',
    ]);
    expect((await audit('verify')).lines.at(-1)).toContain('a complete rewriting would stay hidden');
  });

  it.each<[what: string, statement: string, says: RegExp]>([
    [
      'edited',
      `UPDATE audit_entry SET content = replace(content, '"step":5', '"step":7')
         WHERE id = (SELECT entry_id FROM audit_seal WHERE position = 5)`,
      /^edited: position 5, entry aud_/,
    ],
    ['deleted', `DELETE FROM audit_seal WHERE position = 3`, /^deleted: position 3/],
    [
      'inserted',
      `INSERT INTO audit_entry SELECT gen_random_uuid(), occurred_at, actor, action, entity, content
         FROM audit_entry WHERE id = (SELECT entry_id FROM audit_seal WHERE position = 2)`,
      /^inserted: /,
    ],
    [
      'reordered',
      `UPDATE audit_seal s SET entry_id = o.entry_id FROM audit_seal o
         WHERE (s.position, o.position) IN ((4, 6), (6, 4))`,
      /^reordered: position 4, entry aud_/,
    ],
    ['rewritten', REWRITE, /^rewritten: position 8/],
  ])('names the first row of a log that was %s', async (_what, statement, says) => {
    await scene.tamper(`DROP INDEX IF EXISTS audit_seal_entry_id_key; ${statement}`);
    const { status, lines } = await verify();
    expect(status).toBe(1);
    expect(lines[0]).toMatch(says);
  });

  it('believes no checkpoint that another signed', async () => {
    const stranger = ed25519Signer();
    const forged = await checkpoint('forged.json', stranger);
    const { status, lines } = await verify(forged);
    expect(status).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^trilock: /)]);
    expect(lines[0]).not.toContain('intact');
  });
});

describe('trilock audit export', () => {
  const ALL = ['--from', '2020-01-01', '--to', '2100-01-01'];

  it('gives a period out as JSON lines and as CSV', async () => {
    const json = join(folder, 'all.jsonl');
    expect((await audit('export', ...ALL, '--out', json)).status).toBe(0);
    const entries = (await readFile(json, 'utf8')).trimEnd().split('\n');
    expect(entries.map((line) => (JSON.parse(line) as { position: string }).position)).toEqual(
      Array.from({ length: ENTRIES }, (_, index) => String(index + 1)),
    );
    const csv = join(folder, 'all.csv');
    expect((await audit('export', ...ALL, '--format', 'csv', '--out', csv)).status).toBe(0);
    const rows = (await readFile(csv, 'utf8')).trimEnd().split('\r\n');
    expect(rows[0]).toMatch(/^position,sealedAt,id,occurredAt,actor,strength,action,entity,requestId/);
    expect(rows).toHaveLength(ENTRIES + 1);
  });

  it('gives nothing of another period, and overwrites nothing', async () => {
    const { status, lines } = await audit('export', '--from', '2020-01-01', '--to', '2021-01-01');
    expect({ status, lines }).toEqual({ status: 0, lines: [] });
    const again = await audit('export', ...ALL, '--out', join(folder, 'all.jsonl'));
    expect(again.status).toBe(1);
    expect((await audit('export', '--from', 'yesterday')).lines[0]).toContain('neither a day');
  });
});
