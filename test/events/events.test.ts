import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  inTransaction,
  openDatabase,
  runSealer,
  verifyChain,
  type Database,
} from '../../src/database/index.ts';
import { appendEvent, EVENT_STREAM, readEvents, type PublishedEvent } from '../../src/events/index.ts';
import { connect } from '../../src/postgres/index.ts';
import { newId } from '../../src/shared/index.ts';
import { openScene, sealAll, type Scene } from '../audit/scene.ts';
import { appendSteps, stepOf } from './append-steps.ts';
import { noteOf, sampleEvent } from './sample-event.ts';

let scene: Scene;

const event = (step: number) => sampleEvent(`step ${step}`);

/** Reads on from a cursor until told to stop, then to the end, as an integrator would. */
async function follow(database: Database, done: () => boolean): Promise<PublishedEvent[]> {
  const seen: PublishedEvent[] = [];
  for (;;) {
    const finished = done();
    const page = await readEvents(database, BigInt(seen.at(-1)?.position ?? '0'), 7);
    seen.push(...page);
    if (page.length === 0 && finished) return seen;
    if (page.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('the order of events', () => {
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  it('a reader beside many writers, long and aborted transactions and two sealers misses nothing, sees nothing twice', async () => {
    const writers = 8;
    const rounds = 12;
    const clients = Array.from({ length: 4 }, () => openDatabase(scene.server.app));
    const stop = new AbortController();
    const failures: unknown[] = [];
    const sealer = {
      signal: stop.signal,
      idleMs: 3,
      onFailure: (_: string, error: unknown) => failures.push(error),
    };
    const sealers = [clients[0]!, clients[1]!].map((client) => runSealer(client, [EVENT_STREAM], sealer));

    let settled = false;
    const reading = follow(clients[2]!, () => settled);
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let round = 0; round < rounds; round++) {
          // The first writer holds its transactions open while hundreds of others begin and end.
          const holdMs = writer === 0 ? 60 : (writer * 7 + round * 13) % 20;
          const abort = (writer + round) % 4 === 3;
          await appendSteps(clients[3]!, writer, [round * 3, round * 3 + 1, round * 3 + 2], {
            holdMs,
            abort,
          });
        }
      }),
    );
    const committed = await scene.database.outboxEvent.count();
    await expect.poll(() => scene.database.unsealedEntry.count(), { timeout: 30_000 }).toBe(0);
    settled = true;
    const seen = await reading;
    stop.abort();
    await Promise.all(sealers);

    expect(failures).toEqual([]);
    expect(seen.map((one) => one.position)).toEqual(seen.map((_, index) => String(index + 1)));
    expect(new Set(seen.map((one) => one.id)).size).toBe(seen.length);
    expect(seen.length).toBe(committed);
    expect(seen.length).toBe(writers * rounds * 3 * 0.75);
    expect(seen.some((one) => stepOf(one).aborted)).toBe(false);
    for (let writer = 0; writer < writers; writer++) {
      const steps = seen
        .map(stepOf)
        .filter((one) => one.writer === writer)
        .map((one) => one.step);
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
    }
    expect(await verifyChain(scene.database, EVENT_STREAM)).toMatchObject({ intact: true, unsealed: 0n });
    await Promise.all(clients.map((client) => client.$disconnect()));
  });

  it('an event of a transaction still open is sealed after later ones that committed before it', async () => {
    const writer = await connect(scene.server.app);
    await writer.query('BEGIN');
    const slow = { ...event(1), id: newId('event') };
    const content = JSON.stringify({
      id: slow.id,
      type: slow.type,
      subject: slow.subject,
      customer: null,
      occurredAt: '2026-03-01T12:00:00.000Z',
      data: slow.data,
    });
    await writer.query(`INSERT INTO outbox_event VALUES (gen_random_uuid(), now(), $1, $2, $3)`, [
      slow.type,
      slow.subject,
      content,
    ]);
    await inTransaction(scene.database, (tx) => appendEvent(tx, event(2)));
    await sealAll(scene.database, EVENT_STREAM);
    expect((await readEvents(scene.database, 0n, 10)).map(noteOf)).toEqual(['step 2']);
    await writer.query('COMMIT');
    await writer.end();
    expect(await readEvents(scene.database, 1n, 10)).toEqual([]);
    await sealAll(scene.database, EVENT_STREAM);
    expect((await readEvents(scene.database, 1n, 10)).map((one) => [one.position, noteOf(one)])).toEqual([
      ['2', 'step 1'],
    ]);
  });

  it('writers do not wait for a sealer that holds the chain, and another sealer does not wait either', async () => {
    const holder = await connect(scene.server.app);
    await inTransaction(scene.database, (tx) => appendEvent(tx, event(1)));
    await holder.query('BEGIN');
    await holder.query(`SELECT seal_entries('events', 10)`);
    await inTransaction(scene.database, (tx) => appendEvent(tx, event(2)), { timeoutMs: 5_000 });
    await sealAll(scene.database, EVENT_STREAM);
    expect(await readEvents(scene.database, 0n, 10)).toEqual([]);
    await holder.query('ROLLBACK');
    await holder.end();
    await sealAll(scene.database, EVENT_STREAM);
    expect((await readEvents(scene.database, 0n, 10)).map(noteOf)).toEqual(['step 1', 'step 2']);
  });

  it('refuses to read past an event that somebody removed or changed', async () => {
    for (const step of [1, 2, 3]) await inTransaction(scene.database, (tx) => appendEvent(tx, event(step)));
    await sealAll(scene.database, EVENT_STREAM);
    await scene.tamper(
      `DELETE FROM outbox_event WHERE id = (SELECT entry_id FROM outbox_seal WHERE position = 2)`,
    );
    await expect(readEvents(scene.database, 0n, 10)).rejects.toMatchObject({
      code: 'events_damaged',
      details: { position: '2' },
    });
    expect(await readEvents(scene.database, 2n, 10)).toHaveLength(1);
    await scene.tamper(`DELETE FROM outbox_seal WHERE position = 2`);
    await expect(readEvents(scene.database, 1n, 10)).rejects.toMatchObject({ code: 'events_damaged' });
    expect(await verifyChain(scene.database, EVENT_STREAM)).toMatchObject({
      intact: false,
      kind: 'deleted',
      position: 2n,
    });
  });
});

describe('an event', () => {
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  it('is not published by a transaction that fails', async () => {
    await expect(
      inTransaction(scene.database, async (tx) => {
        await appendEvent(tx, event(1));
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await sealAll(scene.database, EVENT_STREAM);
    expect(await readEvents(scene.database, 0n, 10)).toEqual([]);
  });

  it.each([
    ['about nothing', { subject: 'somebody' }, 'event_invalid'],
    ['of no known type', { type: 'wallet.vanished' as never }, 'event_invalid'],
    ['of a type that every object has', { type: 'constructor' as never }, 'event_invalid'],
    ['with a member that nobody knows', { data: { obstacle: 'x', colour: 'red' } }, 'event_invalid'],
    ['without a member', { data: {} }, 'event_invalid'],
    ['too large', { data: { obstacle: 'x'.repeat(70_000) } }, 'event_too_large'],
    ['that is no text', { data: { obstacle: '\ud800' } }, 'json_not_canonical'],
  ])('%s is refused', async (_what, overrides, code) => {
    await expect(
      inTransaction(scene.database, (tx) => appendEvent(tx, { ...event(1), ...overrides })),
    ).rejects.toMatchObject({ code });
  });

  it.each([
    `UPDATE outbox_event SET content = content`,
    `DELETE FROM outbox_event`,
    `TRUNCATE outbox_event CASCADE`,
    `UPDATE outbox_seal SET position = position`,
    `DELETE FROM outbox_seal`,
  ])('cannot be changed by the application role: %s', async (statement) => {
    const client = await connect(scene.server.app);
    await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
    await client.end();
  });
});
