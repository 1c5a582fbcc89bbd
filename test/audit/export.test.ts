import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportLine } from '../../src/audit/export-contract.ts';
import { appendAudit, AUDIT_STREAM, exportPeriod } from '../../src/audit/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import {
  canonicalJson,
  CHAIN_START_HASH,
  chainLinkText,
  newId,
  type JsonValue,
} from '../../src/shared/index.ts';
import { openScene, sealAll, type Scene } from './scene.ts';

interface Line {
  readonly position: string;
  readonly sealedAt: string;
  readonly previousHash: string;
  readonly hash: string;
  readonly entry: JsonValue;
}

let scene: Scene;
const entities: string[] = [];
beforeAll(async () => {
  scene = await openScene();
  for (const reason of [
    '=HYPERLINK("http://evil.example")',
    '-1+1',
    '@SUM(A1)',
    'plain, "quoted"\nand two lines',
    '+4',
  ]) {
    const entity = newId('account');
    entities.push(entity);
    await inTransaction(scene.database, (tx) =>
      appendAudit(tx, {
        actor: { kind: 'staff', id: newId('staff') },
        strength: 'passkey',
        action: 'test.step',
        entity,
        before: { state: 'open' },
        after: { state: 'closed', amount: '12' },
        reason,
      }),
    );
    await sealAll(scene.database, AUDIT_STREAM);
  }
});
afterAll(() => scene.close());

const ALWAYS = { from: new Date(0), to: new Date('2100-01-01') };

async function exported(period: typeof ALWAYS, format: 'jsonl' | 'csv'): Promise<string> {
  let text = '';
  for await (const line of exportPeriod(scene.database, period, format)) text += line;
  return text;
}

it('JSON lines hold the chain, which anybody can hash again', async () => {
  const lines = (await exported(ALWAYS, 'jsonl'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  expect(lines.map(({ entry }) => (entry as { entity: string }).entity)).toEqual(entities);
  let previousHash = CHAIN_START_HASH;
  for (const { position, sealedAt, hash, entry, previousHash: stated } of lines) {
    expect(stated).toBe(previousHash);
    const link = { position: BigInt(position), sealedAtMs: Date.parse(sealedAt), previousHash };
    const text = chainLinkText('audit', { ...link, content: canonicalJson(entry) });
    expect(createHash('sha256').update(text).digest('hex')).toBe(hash);
    previousHash = hash;
  }
});

it('a period has its entries alone, its beginning included and its end not', async () => {
  const [, second, third] = await scene.database.auditSeal.findMany({ orderBy: { position: 'asc' } });
  if (second === undefined || third === undefined) throw new Error('no entries');
  const text = await exported({ from: second.sealedAt, to: third.sealedAt }, 'jsonl');
  expect(text.trimEnd().split('\n')).toHaveLength(1);
  expect(text).toContain(`"position":"2"`);
});

it('CSV quotes what it must, and no cell is a formula', async () => {
  const text = await exported(ALWAYS, 'csv');
  const [heading, first, second, third] = text.split('\r\n');
  expect(heading).toBe(
    'position,sealedAt,id,occurredAt,actor,strength,action,entity,requestId,reason,before,after,previousHash,hash',
  );
  expect(first).toContain(`,"'=HYPERLINK(""http://evil.example"")",`);
  expect(second).toContain(",'-1+1,");
  expect(third).toContain(",'@SUM(A1),");
  expect(text).toContain('"plain, ""quoted""\nand two lines"');
  expect(text).toContain('"{""state"":""open""}"');
});

it('a cell that begins with white space before a formula stays text too', () => {
  const entry = {
    id: 'aud_1',
    occurredAt: '',
    actor: '\t=1',
    strength: '',
    action: '',
    entity: '\r=1',
    requestId: null,
    before: null,
    after: null,
    reason: null,
  };
  const line = exportLine('csv', { position: '1', sealedAt: new Date(0), previousHash: '', hash: '', entry });
  expect(line).toContain("'\t=1");
  expect(line).toContain(`"'\r=1"`);
});
