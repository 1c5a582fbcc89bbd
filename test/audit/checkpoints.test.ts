import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  appendAudit,
  AUDIT_STREAM,
  readAuditHead,
  takeCheckpoint,
  verifyAudit,
  type AuditAttestor,
} from '../../src/audit/index.ts';
import { checkpointsBelow } from '../../src/audit/checkpoint-store.ts';
import { inTransaction, openDatabase, type Database } from '../../src/database/index.ts';
import { verifyAuditCheckpoint, type AuditCheckpoint } from '../../src/intents/index.ts';
import { auditWork } from '../../src/main/roles/audit-work.ts';
import { connect } from '../../src/postgres/index.ts';
import { newId } from '../../src/shared/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import { SignerScene } from '../signer/signer-scene.ts';
import { sealAll } from './scene.ts';

const HOUR_MS = 3_600_000;

let scene: SignerScene;
let signer: SignerClient;
let database: Database;
const published: AuditCheckpoint[] = [];

beforeAll(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
  database = openDatabase(scene.database.app);
});
afterAll(async () => {
  await database.$disconnect();
  await scene.close();
});

function attestorOf(client: SignerClient): AuditAttestor {
  return {
    last: async () => (await client.auditCheckpoint({})).checkpoint,
    attest: async (after, entries) => (await client.attestAudit({ after, entries: [...entries] })).checkpoint,
  };
}

function parts(attestor = attestorOf(signer)) {
  return {
    database,
    clock: scene.clock,
    attestor,
    intervalMs: HOUR_MS,
    publish: (checkpoint: AuditCheckpoint) => {
      published.push(checkpoint);
      return Promise.resolve();
    },
  };
}

async function record(count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    await inTransaction(database, (tx) =>
      appendAudit(tx, {
        actor: { kind: 'process', id: 'worker' },
        strength: 'process',
        action: 'test.step',
        entity: newId('account'),
        after: { number, text: 'a “quoted” word' },
      }),
    );
  }
  await sealAll(database, AUDIT_STREAM);
}

const kept = (): Promise<readonly AuditCheckpoint[]> =>
  inTransaction(database, (tx) => checkpointsBelow(tx, null, 50));

/** As the superuser with triggers and keys off. */
async function tamper(statement: string): Promise<void> {
  const client = await connect(scene.database.superuser);
  try {
    await client.query(`SET session_replication_role = replica; SET search_path = app; ${statement}`);
  } finally {
    await client.end();
  }
}

describe('a checkpoint', () => {
  it('is the signer’s word, once an hour, on a head that it has computed itself', async () => {
    expect(await takeCheckpoint(parts())).toBe(0);
    await record(5);
    expect(await takeCheckpoint(parts())).toBe(5);
    const [first] = await kept();
    const head = await readAuditHead(database);
    expect(first?.statement).toMatchObject({
      position: '5',
      head: head.hash,
      previous: { position: '0', head: '00'.repeat(32) },
    });
    const { attestationKey } = await signer.status({});
    if (first === undefined) throw new Error('no checkpoint');
    await verifyAuditCheckpoint(first, [attestationKey]);
    const forged = { ...first, statement: { ...first.statement, position: '4' } };
    await expect(verifyAuditCheckpoint(forged, [attestationKey])).rejects.toMatchObject({
      code: 'signature_wrong',
    });
    const stranger = { algorithm: 'ed25519', raw: 'A'.repeat(43) } as const;
    await expect(verifyAuditCheckpoint(first, [stranger])).rejects.toMatchObject({
      code: 'checkpoint_signed_by_stranger',
    });
    await record(2);
    expect(await takeCheckpoint(parts())).toBe(0);
    scene.clock.advance(HOUR_MS);
    expect(await takeCheckpoint(parts())).toBe(2);
    expect((await kept()).map(({ statement }) => [statement.position, statement.previous.position])).toEqual([
      ['7', '5'],
      ['5', '0'],
    ]);
  });

  it('is a file too, each written once', async () => {
    const directory = join(await mkdtemp(join(tmpdir(), 'trilock-checkpoints-')), 'published');
    const work = () =>
      auditWork({ ...parts(), signer, checkpoints: { intervalMs: 3 * HOUR_MS, directory } })();
    await record(1);
    scene.clock.advance(3 * HOUR_MS);
    await work();
    await work();
    // The one before is written too, in case that failed at its time.
    const files = ['audit-checkpoint-7.json', 'audit-checkpoint-8.json'];
    expect((await readdir(directory)).sort()).toEqual(files);
    const written: unknown = JSON.parse(await readFile(join(directory, 'audit-checkpoint-8.json'), 'utf8'));
    expect(written).toEqual((await kept())[0]);
    await rm(directory, { recursive: true });
  });

  it('that was signed but not written down is written down at the next look', async () => {
    await record(3);
    scene.clock.advance(HOUR_MS);
    const lost = attestorOf(signer);
    const losing: AuditAttestor = {
      last: () => lost.last(),
      attest: async (after, entries) => {
        await lost.attest(after, entries);
        throw new Error('the answer was lost');
      },
    };
    await expect(takeCheckpoint(parts(losing))).rejects.toThrow('lost');
    expect((await kept())[0]?.statement.position).toBe('8');
    expect(await takeCheckpoint(parts())).toBe(0);
    expect((await kept())[0]?.statement.position).toBe('11');
    expect(published.at(-1)?.statement.position).toBe('11');
  });

  it('comes too when the clock is put back', async () => {
    await record(1);
    scene.clock.advance(-3 * HOUR_MS);
    expect(await takeCheckpoint(parts())).toBe(1);
    scene.clock.advance(3 * HOUR_MS);
  });

  it('survives a restart of the signer, whose record shows when somebody changes it', async () => {
    await scene.stopSigners();
    signer = await scene.start();
    expect((await signer.auditCheckpoint({})).checkpoint?.statement.position).toBe('12');
    expect((await signer.status({})).sealed).toBeNull();
    await scene.query(
      `SET session_replication_role = replica; UPDATE signer.audit_checkpoint SET head = repeat('1', 64) WHERE position = 7`,
    );
    await scene.stopSigners();
    signer = await scene.start();
    expect((await signer.status({})).sealed?.reason).toContain('tampered');
    await expect(takeCheckpoint({ ...parts(), intervalMs: 0 })).resolves.toBe(0);
    await record(1);
    await expect(takeCheckpoint({ ...parts(), intervalMs: 0 })).rejects.toMatchObject({
      code: 'signer_sealed',
    });
  });
});

describe('a superuser who rewrites the log, hashes and head and all', () => {
  let other: SignerScene;
  beforeAll(async () => {
    // A fresh institution, since the one before has a sealed signer.
    await database.$disconnect();
    await scene.close();
    other = await SignerScene.open();
    scene = other;
    signer = await scene.start();
    await scene.loadManifest(signer);
    database = openDatabase(scene.database.app);
    await record(6);
    await takeCheckpoint(parts());
    await record(4);
    await tamper(`
      UPDATE audit_entry SET content = replace(content, '"number":3', '"number":9')
        WHERE id = (SELECT entry_id FROM audit_seal WHERE position = 4);
      DO $$ DECLARE s record; e record; previous bytea; BEGIN
        FOR s IN SELECT * FROM audit_seal WHERE position >= 4 ORDER BY position LOOP
          SELECT hash INTO previous FROM audit_seal WHERE position = s.position - 1;
          SELECT * INTO e FROM audit_entry WHERE id = s.entry_id;
          UPDATE audit_seal SET previous_hash = previous, hash = sha256(convert_to(format('trilock:seal:1:audit:%s:%s:%s:%s',
            s.position, (extract(epoch FROM s.sealed_at) * 1000)::bigint, encode(previous, 'hex'), e.content), 'UTF8'))
            WHERE position = s.position;
        END LOOP;
        UPDATE sealed_stream SET hash = (SELECT hash FROM audit_seal ORDER BY position DESC LIMIT 1) WHERE name = 'audit';
      END $$;`);
  });

  it('deceives whoever looks at the database alone', async () => {
    expect(await verifyAudit(database)).toMatchObject({ intact: true });
  });

  it('is found out by whoever kept a checkpoint', async () => {
    const trusted = (await kept()).map(({ statement }) => ({
      position: BigInt(statement.position),
      hash: statement.head,
    }));
    expect(await verifyAudit(database, trusted)).toMatchObject({
      intact: false,
      kind: 'rewritten',
      position: 6n,
    });
  });

  it('gets no further word of the signer, which notes it in its own log', async () => {
    scene.clock.advance(HOUR_MS);
    await expect(takeCheckpoint(parts())).rejects.toMatchObject({ code: 'audit_not_continuous' });
    const { alerts } = await signer.alerts({ after: 0, limit: 500 });
    expect(alerts.at(-1)).toMatchObject({ kind: 'refused', code: 'audit_not_continuous' });
  });

  it('is told to operators by the worker, once', async () => {
    const work = auditWork({ ...parts(), signer, checkpoints: { intervalMs: 0, directory: undefined } });
    for (let look = 0; look < 2; look += 1) {
      await expect(work()).rejects.toMatchObject({ code: 'audit_not_continuous' });
      scene.clock.advance(HOUR_MS);
    }
    const alerts = await database.outboxEvent.findMany({ where: { type: 'alert.raised', subject: 'audit' } });
    expect(alerts.map(({ content }) => content)).toEqual([expect.stringContaining('audit_not_continuous')]);
  });

  it('cannot hide by taking the end of the log away either', async () => {
    await tamper('DELETE FROM audit_seal WHERE position > 2');
    await expect(takeCheckpoint(parts())).rejects.toMatchObject({ code: 'audit_not_continuous' });
  });
});
