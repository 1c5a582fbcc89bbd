import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  planDrill,
  drillStatus,
  raiseOverdue,
  recordDrill,
  registerDrillMetric,
  type DrillParts,
} from '../../src/drills/index.ts';
import { keyIdOf, readRegularFile, sealEnvelope } from '../../src/keyring/index.ts';
import {
  answerDrill,
  parseDrillAnswer,
  type DrillAnswer,
  type DrillRequest,
} from '../../src/recovery/index.ts';
import { ManualClock } from '../../src/shared/index.ts';
import type { Wallet } from '../../src/wallets/index.ts';
import { temporaryDirectory } from '../chain/support/temporary-directory.ts';
import { fixtureMasters } from '../fixtures/masters.ts';
import { CustodyHouse, TEST_CAUSE } from '../wallets/custody-house.ts';

const DAY_MS = 86_400_000;
const MASTERS = { cold: fixtureMasters('key-1', 'key-2'), backup: fixtureMasters('key-3', 'key-4') } as const;
type Role = keyof typeof MASTERS;

const directory = temporaryDirectory();
let house: CustodyHouse;
let wallets: Wallet[];
let clock: ManualClock;
let parts: DrillParts;

/** Site B of both stations, as they would have filled it. */
async function fillSites(): Promise<void> {
  for (const { entropy, attestation } of house.poolKeys) {
    const { role, xpub, origin, network } = attestation.statement;
    const site = join(directory.path, role);
    await mkdir(site, { recursive: true });
    const context = { keyId: keyIdOf(xpub), role, fingerprint: origin.slice(1, 9), network };
    const blob = sealEnvelope(Buffer.from(entropy), context, MASTERS[role as Role]);
    await writeFile(join(site, `${keyIdOf(xpub)}.envelope`), blob);
  }
}

function prove(request: DrillRequest, role: Role, site: string = role): Promise<DrillAnswer> {
  const masters = Object.values(MASTERS[role]) as (typeof MASTERS)[Role]['inner'][];
  const readCopy = (name: string) => readRegularFile(join(directory.path, site, name), { maxBytes: 8_192 });
  return answerDrill(request, { role, masters, readCopy }, `${role} site B`, clock.nowMs());
}

beforeAll(async () => {
  house = await CustodyHouse.open();
  wallets = [(await house.vault()).wallet, (await house.vault()).wallet, await house.treasury()];
  await fillSites();
  clock = new ManualClock(house.parts.clock.nowMs() + 1_000);
  parts = { database: house.database, clock, network: 'regtest', limitDays: 30 };
});

afterAll(async () => {
  await house.close();
  directory.remove();
});

test('keys restored from site B sign for their addresses, and what they prove is recorded once', async () => {
  const request = (await planDrill(parts, 10, TEST_CAUSE))!;
  expect(request.wallets.map(({ wallet }) => wallet).sort()).toEqual(wallets.map(({ id }) => id).sort());
  clock.advance(1_000);
  const cold = parseDrillAnswer(JSON.parse(JSON.stringify(await prove(request, 'cold'))));
  expect(cold.failures).toEqual([]);
  expect(await recordDrill(parts, request, cold, TEST_CAUSE)).toEqual({ proved: 3, known: 0, failed: [] });
  expect(await recordDrill(parts, request, cold, TEST_CAUSE)).toEqual({ proved: 0, known: 3, failed: [] });
  const backup = await prove(request, 'backup');
  expect(await recordDrill(parts, request, backup, TEST_CAUSE)).toMatchObject({ proved: 3 });
  expect(await drillStatus(parts)).toMatchObject({ wallets: 3, overdue: 0, oldest: new Date(cold.provedAt) });
  const events = await house.database.outboxEvent.findMany({ where: { type: 'drill.recorded' } });
  expect(events).toHaveLength(6);
});

test('a signature of another drill, key or address is refused, and nothing of its answer is recorded', async () => {
  const first = (await planDrill(parts, 2, TEST_CAUSE))!;
  clock.advance(1_000);
  const second = (await planDrill(parts, 2, TEST_CAUSE))!;
  clock.advance(1_000);
  const answer = await prove(second, 'cold');
  const before = await house.database.recoveryProof.count();
  const refused = async (request: DrillRequest, changed: DrillAnswer, code: string) => {
    await expect(recordDrill(parts, request, changed, TEST_CAUSE)).rejects.toMatchObject({ code });
  };
  await refused(first, answer, 'drill_answer_foreign');
  await refused(
    first,
    { ...(await prove(first, 'cold')), proofs: answer.proofs, drill: first.drill },
    'message_signature_invalid',
  );
  const [one, two] = answer.proofs;
  await refused(second, { ...answer, proofs: [one!, { ...two!, xpub: one!.xpub }] }, 'recovery_key_foreign');
  await refused(second, { ...answer, provedAt: '2020-01-01T00:00:00.000Z' }, 'drill_answer_foreign');
  const thief = {
    ...second,
    wallets: second.wallets.map((entry) => ({
      ...entry,
      descriptor: first.wallets[0]!.descriptor.replace('0h', '1h'),
    })),
  };
  await refused(thief, answer, 'drill_answer_foreign');
  expect(await house.database.recoveryProof.count()).toBe(before);
});

test('a copy that is missing, damaged or another key’s is reported, and stops no other key', async () => {
  const request = (await planDrill(parts, 3, TEST_CAUSE))!;
  clock.advance(1_000);
  const copies = request.wallets.map(({ keys }) => keys.find(({ role }) => role === 'cold')!.wrappedCopy);
  const site = join(directory.path, 'damaged');
  await mkdir(site);
  const good = await readRegularFile(join(directory.path, 'cold', copies[0]!), { maxBytes: 8_192 });
  const bad = Buffer.from(good);
  bad[bad.length - 1]! ^= 1;
  await writeFile(join(site, copies[0]!), bad);
  await writeFile(join(site, copies[1]!), good);
  const answer = await prove(request, 'cold', 'damaged');
  expect(answer.proofs).toEqual([]);
  expect(answer.failures.map(({ code }) => code)).toEqual([
    'envelope_damaged',
    'envelope_for_another_key',
    'file_missing',
  ]);
  expect(await recordDrill(parts, request, answer, TEST_CAUSE)).toMatchObject({
    proved: 0,
    failed: { length: 3 },
  });
  const failed = await house.database.outboxEvent.findMany({ where: { type: 'drill.failed' } });
  expect(failed).toHaveLength(3);
  // Officers’ business: the customer is not told of it.
  expect(failed.every(({ customer }) => customer === null)).toBe(true);
});

test('proofs older than the limit raise one alarm each, in metric, status and events', async () => {
  clock.advance(40 * DAY_MS);
  expect(await drillStatus(parts)).toMatchObject({ wallets: 3, overdue: 3 });
  expect(await raiseOverdue(parts)).toBe(3);
  expect(await raiseOverdue(parts)).toBe(0);
  expect(await house.database.outboxEvent.count({ where: { type: 'drill.overdue' } })).toBe(3);
  const registry = new Registry();
  registerDrillMetric(registry, parts);
  expect(await registry.metrics()).toContain('trilock_recovery_proofs{state="overdue"} 3');
  const request = (await planDrill(parts, 2, TEST_CAUSE))!;
  clock.advance(1_000);
  for (const role of ['cold', 'backup'] as const)
    await recordDrill(parts, request, await prove(request, role), TEST_CAUSE);
  expect(await drillStatus(parts)).toMatchObject({ overdue: 1 });
});

test('nobody changes or removes a proof', async () => {
  const row = (await house.database.recoveryProof.findFirst())!;
  const where = { id: row.id };
  await expect(house.database.recoveryProof.update({ where, data: { site: 'other' } })).rejects.toThrow();
  await expect(house.database.recoveryProof.delete({ where })).rejects.toThrow();
  await expect(house.database.recoveryProof.create({ data: { ...row, id: randomUUID() } })).rejects.toThrow();
});
