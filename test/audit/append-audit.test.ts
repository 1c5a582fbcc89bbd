import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  appendAudit,
  AUDIT_STREAM,
  readAuditHead,
  verifyAudit,
  type AuditEntry,
} from '../../src/audit/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { connect } from '../../src/postgres/index.ts';
import { idToUuid, ManualClock, newId } from '../../src/shared/index.ts';
import { openScene, sealAll, type Scene } from './scene.ts';

const clock = new ManualClock(Date.parse('2026-03-01T12:00:00Z'));

function entry(overrides: Partial<AuditEntry> = {}): AuditEntry {
  return {
    actor: { kind: 'staff', id: newId('staff') },
    strength: 'passkey',
    action: 'freeze.release',
    entity: newId('account'),
    ...overrides,
  };
}

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

async function contentOf(id: string): Promise<Record<string, unknown>> {
  const row = await scene.database.auditEntry.findUniqueOrThrow({ where: { id } });
  return JSON.parse(row.content) as Record<string, unknown>;
}

describe('appending', () => {
  it('records who, how, what, why, before and after, as canonical JSON', async () => {
    const given = entry({
      requestId: newId('request'),
      before: { state: 'frozen', version: 3 },
      after: { version: 4, state: 'open' },
      reason: 'Case closed.',
    });
    const id = await inTransaction(scene.database, (tx) => appendAudit(tx, given, clock));
    const row = await scene.database.auditEntry.findUniqueOrThrow({ where: { id: idToUuid(id) } });
    expect(row.content).toBe(
      `{"action":"freeze.release","actor":"staff:${'id' in given.actor ? given.actor.id : ''}",` +
        `"after":{"state":"open","version":4},"before":{"state":"frozen","version":3},"entity":"${given.entity}",` +
        `"id":"${id}","occurredAt":"2026-03-01T12:00:00.000Z","reason":"Case closed.",` +
        `"requestId":"${given.requestId ?? ''}","strength":"passkey"}`,
    );
    expect(row.occurredAt.toISOString()).toBe('2026-03-01T12:00:00.000Z');
  });

  it('records nothing when the transaction is rolled back', async () => {
    const before = await scene.database.auditEntry.count();
    await expect(
      inTransaction(scene.database, async (tx) => {
        await appendAudit(tx, entry());
        throw new Error('the deed failed');
      }),
    ).rejects.toThrow('the deed failed');
    expect(await scene.database.auditEntry.count()).toBe(before);
    await sealAll(scene.database, AUDIT_STREAM);
    expect(await verifyAudit(scene.database)).toMatchObject({ intact: true, unsealed: 0n });
  });

  it('keeps secrets out, by name and by looks', async () => {
    const xprv = `xprv9s21ZrQH143K${'Q'.repeat(95)}`;
    const id = await inTransaction(scene.database, (tx) =>
      appendAudit(tx, {
        ...entry(),
        before: { password: 'hunter2', nested: [{ apiKey: 'k', api_key_hash: 'abc', passwordId: 'crd_1' }] },
        after: {
          note: `see ${xprv}`,
          pem: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII',
          shareholder: 'Ann',
          seed: null,
        },
        reason: 'KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn was pasted',
      }),
    );
    const content = await contentOf(idToUuid(id));
    expect(content).toMatchObject({
      before: {
        password: '[redacted]',
        nested: [{ apiKey: '[redacted]', api_key_hash: 'abc', passwordId: 'crd_1' }],
      },
      after: { note: '[redacted]', pem: '[redacted]', shareholder: 'Ann', seed: null },
      reason: '[redacted]',
    });
    expect(JSON.stringify(content)).not.toMatch(/hunter2|KwDiBf|xprv9/);
  });

  it.each([
    ['an action without a context', { action: 'release' }, 'audit_entry_invalid'],
    ['an entity with a line break', { entity: 'acc_1\nacc_2' }, 'audit_entry_invalid'],
    ['more than fits', { after: 'x'.repeat(70_000) }, 'audit_entry_too_large'],
    ['what is not JSON', { after: { amount: 1n } as never }, 'json_not_canonical'],
  ] as const)('refuses %s', async (_what, overrides, code) => {
    await expect(
      inTransaction(scene.database, (tx) => appendAudit(tx, entry(overrides))),
    ).rejects.toMatchObject({ code });
  });
});

describe('the application role, stolen', () => {
  it.each([
    `UPDATE audit_entry SET content = content`,
    `DELETE FROM audit_entry`,
    `TRUNCATE audit_entry CASCADE`,
    `UPDATE audit_seal SET hash = hash`,
    `DELETE FROM audit_seal`,
    `INSERT INTO audit_seal SELECT 1, id, now(), decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex') FROM audit_entry LIMIT 1`,
    `UPDATE sealed_stream SET position = 0`,
    `INSERT INTO sealed_stream VALUES ('forged', 0, '')`,
    `DELETE FROM unsealed_entry`,
    `INSERT INTO unsealed_entry (stream, entry_id) VALUES ('audit', gen_random_uuid())`,
    `SELECT nextval('unsealed_entry_sequence_seq')`,
    `SELECT setval('unsealed_entry_sequence_seq', 1)`,
    `ALTER TABLE audit_entry DISABLE TRIGGER ALL`,
    `SET session_replication_role = replica`,
    `CREATE OR REPLACE FUNCTION app.seal_entries(text, integer) RETURNS integer LANGUAGE sql AS 'SELECT 0'`,
    `SET ROLE trilock_owner`,
  ])('may not %s', async (statement) => {
    const client = await connect(scene.server.app);
    try {
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.end();
    }
  });

  it.each([
    ['columns that contradict the content', `'{"actor":"a","action":"b.c","entity":"d"}'`, '23514'],
    ['content that is no JSON', `'none'`, '22P02'],
    ['content without end', `'{"actor":"' || repeat('x', 70000) || '"}'`, '23514'],
  ])('may not append %s', async (_what, content, code) => {
    const client = await connect(scene.server.app);
    try {
      await expect(
        client.query(
          `INSERT INTO audit_entry VALUES (gen_random_uuid(), now(), 'a', 'b.c', 'other', ${content})`,
        ),
      ).rejects.toMatchObject({ code });
    } finally {
      await client.end();
    }
  });

  it('learns nothing of the ledger or the signer', async () => {
    for (const role of [scene.server.ledger, scene.server.signer]) {
      const client = await connect(role);
      await expect(client.query('SELECT FROM app.audit_entry')).rejects.toMatchObject({ code: '42501' });
      await client.end();
    }
  });
});

it('the head is the last position with its hash', async () => {
  await inTransaction(scene.database, (tx) => appendAudit(tx, entry()));
  await sealAll(scene.database, AUDIT_STREAM);
  const last = await scene.database.auditSeal.findFirstOrThrow({ orderBy: { position: 'desc' } });
  expect(await readAuditHead(scene.database)).toEqual({
    position: last.position,
    hash: Buffer.from(last.hash).toString('hex'),
  });
});
