import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { appendAudit, AUDIT_STREAM, readAuditHead, verifyAudit } from '../../src/audit/index.ts';
import { inTransaction, type ChainPoint, type Database } from '../../src/database/index.ts';
import { newId } from '../../src/shared/index.ts';
import { openScene, sealAll, type Scene } from './scene.ts';

/** Twelve entries in three batches, so that there is a middle and there are ends of batches. */
async function fill(database: Database): Promise<void> {
  for (let batch = 0; batch < 3; batch++) {
    for (let number = 1; number <= 4; number++) {
      await inTransaction(database, (tx) =>
        appendAudit(tx, {
          actor: { kind: 'process', id: 'worker' },
          strength: 'process',
          action: 'test.step',
          entity: newId('account'),
          after: { step: batch * 4 + number },
        }),
      );
    }
    await sealAll(database, AUDIT_STREAM);
  }
}

/** The SQL text of an entry's hash, as an attacker who knows the rule would compute it. */
const HASH = `sha256(convert_to(format('trilock:seal:1:audit:%s:%s:%s:%s', s.position,
  (extract(epoch FROM s.sealed_at) * 1000)::bigint, encode(s.previous_hash, 'hex'), e.content), 'UTF8'))`;

/** Recomputes every hash from a position on: a perfect forgery of all that is stored. */
const rechainFrom = (position: number) => `
  DO $$ DECLARE s record; e record; previous bytea; BEGIN
    FOR s IN SELECT * FROM audit_seal WHERE position >= ${position} ORDER BY position LOOP
      SELECT hash INTO previous FROM audit_seal WHERE position = s.position - 1;
      previous := coalesce(previous, decode(repeat('00', 32), 'hex'));
      SELECT * INTO e FROM audit_entry WHERE id = s.entry_id;
      s.previous_hash := previous;
      UPDATE audit_seal SET previous_hash = previous, hash = ${HASH} WHERE position = s.position;
    END LOOP;
    UPDATE sealed_stream SET hash = (SELECT hash FROM audit_seal ORDER BY position DESC LIMIT 1),
      position = (SELECT max(position) FROM audit_seal) WHERE name = 'audit';
  END $$;`;

const entryAt = (position: number) => `(SELECT entry_id FROM audit_seal WHERE position = ${position})`;

const EDIT = `UPDATE audit_entry SET content = replace(content, '"step":', '"step":9') WHERE id = ${entryAt(5)};`;

const shift = (from: number, by: number) => `
  UPDATE audit_seal SET position = -position WHERE position >= ${from};
  UPDATE audit_seal SET position = -position + ${by} WHERE position < 0;
  UPDATE sealed_stream SET position = position + ${by} WHERE name = 'audit';`;

const INSERT_ENTRY = `
  INSERT INTO audit_entry SELECT gen_random_uuid(), occurred_at, actor, action, 'forged',
    replace(content, entity, 'forged') FROM audit_entry WHERE id = ${entryAt(2)};`;

const INSERT_AT_5 = `${INSERT_ENTRY} ${shift(5, 1)}
  INSERT INTO audit_seal SELECT 5, e.id, s.sealed_at, s.hash, s.hash
    FROM audit_entry e, audit_seal s WHERE e.entity = 'forged' AND s.position = 4;`;

const SWAP_POSITIONS = (a: number, b: number) => `
  UPDATE audit_seal SET position = -1 WHERE position = ${a};
  UPDATE audit_seal SET position = ${a} WHERE position = ${b};
  UPDATE audit_seal SET position = ${b} WHERE position = -1;`;

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  await fill(scene.database);
  // Constraints stop a superuser only until they are dropped.
  await scene.tamper(
    `ALTER TABLE audit_seal DROP CONSTRAINT audit_seal_form;
     ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_columns;
     DROP INDEX audit_seal_entry_id_key;
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
afterAll(() => scene.close());

it('an untouched log is intact, and still is while entries wait to be sealed', async () => {
  expect(await verifyAudit(scene.database)).toMatchObject({
    intact: true,
    head: { position: 12n },
    unsealed: 0n,
  });
  await inTransaction(scene.database, (tx) =>
    appendAudit(tx, {
      actor: { kind: 'anonymous' },
      strength: 'none',
      action: 'test.wait',
      entity: 'nothing',
    }),
  );
  expect(await verifyAudit(scene.database, [await readAuditHead(scene.database)])).toMatchObject({
    intact: true,
    unsealed: 1n,
  });
});

describe('a superuser who', () => {
  it.each<[what: string, statement: string, kind: string, position: bigint | null]>([
    ['edits an entry', EDIT, 'edited', 5n],
    ['edits the first entry', EDIT.replace('= 5', '= 1'), 'edited', 1n],
    ['edits the last entry', EDIT.replace('= 5', '= 12'), 'edited', 12n],
    ['edits two entries', `${EDIT} ${EDIT.replace('= 5', '= 9')}`, 'edited', 5n],
    [
      'edits an entry and its hash',
      `${EDIT} UPDATE audit_seal s SET hash = ${HASH} FROM audit_entry e WHERE e.id = s.entry_id AND s.position = 5`,
      'edited',
      5n,
    ],
    [
      'edits the last entry and its hash',
      `${EDIT.replace('= 5', '= 12')} UPDATE audit_seal s SET hash = ${HASH} FROM audit_entry e WHERE e.id = s.entry_id AND s.position = 12`,
      'edited',
      12n,
    ],
    [
      'edits a column beside the content',
      `UPDATE audit_entry SET actor = 'staff:nobody' WHERE id = ${entryAt(7)}`,
      'edited',
      7n,
    ],
    [
      'edits the time of sealing',
      `UPDATE audit_seal SET sealed_at = sealed_at - interval '1 day' WHERE position = 6`,
      'edited',
      6n,
    ],
    ['edits a hash', `UPDATE audit_seal SET hash = sha256('x') WHERE position = 6`, 'edited', 6n],
    [
      'deletes an entry and leaves its seal',
      `DELETE FROM audit_entry WHERE id = ${entryAt(5)}`,
      'deleted',
      5n,
    ],
    [
      'deletes an entry with its seal',
      `DELETE FROM audit_entry WHERE id = ${entryAt(5)}; DELETE FROM audit_seal WHERE position = 5`,
      'deleted',
      5n,
    ],
    [
      'deletes an entry and closes the gap',
      `DELETE FROM audit_entry WHERE id = ${entryAt(5)}; DELETE FROM audit_seal WHERE position = 5; ${shift(6, -1)}`,
      'deleted',
      5n,
    ],
    ['deletes the first entries', `DELETE FROM audit_seal WHERE position < 4`, 'deleted', 1n],
    [
      'cuts off the end',
      `DELETE FROM audit_entry WHERE id = ${entryAt(12)}; DELETE FROM audit_seal WHERE position = 12`,
      'deleted',
      12n,
    ],
    ['deletes everything', `DELETE FROM audit_seal; DELETE FROM audit_entry`, 'deleted', 1n],
    ['inserts an entry without a seal', INSERT_ENTRY, 'inserted', null],
    ['inserts an entry with a copied hash', INSERT_AT_5, 'edited', 5n],
    [
      'inserts an entry with its right hash',
      `${INSERT_AT_5} UPDATE audit_seal s SET hash = ${HASH} FROM audit_entry e WHERE e.id = s.entry_id AND s.position = 5`,
      'inserted',
      5n,
    ],
    [
      'appends a sealed entry without moving the head',
      `${INSERT_ENTRY} INSERT INTO audit_seal SELECT 13, e.id, s.sealed_at, s.hash, s.hash
         FROM audit_entry e, audit_seal s WHERE e.entity = 'forged' AND s.position = 12;
       UPDATE audit_seal s SET hash = ${HASH} FROM audit_entry e WHERE e.id = s.entry_id AND s.position = 13`,
      'inserted',
      13n,
    ],
    ['swaps two neighbours', SWAP_POSITIONS(5, 6), 'reordered', 5n],
    ['swaps two far entries', SWAP_POSITIONS(3, 11), 'reordered', 3n],
    [
      'exchanges two entries under their seals',
      `UPDATE audit_seal s SET entry_id = o.entry_id FROM audit_seal o
       WHERE (s.position, o.position) IN ((4, 9), (9, 4))`,
      'reordered',
      4n,
    ],
    ['removes the head', `DELETE FROM sealed_stream WHERE name = 'audit'`, 'deleted', null],
    ['forges the head', `UPDATE sealed_stream SET hash = sha256('x') WHERE name = 'audit'`, 'edited', 12n],
  ])('%s is found out, at the first wrong entry', async (_what, statement, kind, position) => {
    await scene.tamper(statement);
    expect(await verifyAudit(scene.database)).toMatchObject({ intact: false, kind, position });
  });

  it.each<[what: string, statement: string, kind: string, position: bigint]>([
    ['rewrites all hashes after an edit', `${EDIT} ${rechainFrom(5)}`, 'rewritten', 8n],
    [
      'cuts off the end and sets the head back',
      `DELETE FROM audit_seal WHERE position > 9; DELETE FROM audit_entry WHERE id NOT IN (SELECT entry_id FROM audit_seal); ${rechainFrom(9)}`,
      'deleted',
      10n,
    ],
  ])('%s is found out by a published head alone', async (_what, statement, kind, position) => {
    const at = async (where: bigint): Promise<ChainPoint> => {
      const seal = await scene.database.auditSeal.findUniqueOrThrow({ where: { position: where } });
      return { position: where, hash: Buffer.from(seal.hash).toString('hex') };
    };
    const published = [await at(8n), await at(12n)];
    await scene.tamper(statement);
    expect(await verifyAudit(scene.database)).toMatchObject({ intact: true });
    expect(await verifyAudit(scene.database, published)).toMatchObject({ intact: false, kind, position });
  });

  it('removes an entry that waits to be sealed stops the sealer, and is named', async () => {
    const id = await inTransaction(scene.database, (tx) =>
      appendAudit(tx, {
        actor: { kind: 'anonymous' },
        strength: 'none',
        action: 'test.wait',
        entity: 'nothing',
      }),
    );
    await scene.tamper(`DELETE FROM audit_entry WHERE entity = 'nothing'`);
    expect(id).toMatch(/^aud_/);
    await expect(sealAll(scene.database, AUDIT_STREAM)).rejects.toThrow('vanished before it was sealed');
    expect(await verifyAudit(scene.database)).toMatchObject({
      intact: false,
      kind: 'deleted',
      position: null,
    });
  });
});
