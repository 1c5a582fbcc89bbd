import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  drillSchedule,
  drillStatus,
  planDrill,
  planDrillOf,
  raiseOverdue,
  recordDrill,
  registerDrillMetric,
  writeDrills,
  type DrillParts,
} from '../../src/drills/index.ts';
import { keyIdOf, readRegularFile, sealEnvelope } from '../../src/keyring/index.ts';
import {
  answerByCustomer,
  answerDrill,
  parseDrillAnswer,
  parseDrillRequest,
  type DrillAnswer,
  type DrillRequest,
} from '../../src/recovery/index.ts';
import { idToUuid, ManualClock } from '../../src/shared/index.ts';
import type { Wallet } from '../../src/wallets/index.ts';
import { temporaryDirectory } from '../chain/support/temporary-directory.ts';
import { attestedKey } from '../fixtures/custody.ts';
import { fixtureMasters } from '../fixtures/masters.ts';
import { CustodyHouse, TEST_CAUSE } from '../wallets/custody-house.ts';

const DAY_MS = 86_400_000;
const MASTERS = {
  cold: fixtureMasters('key-1', 'key-2'),
  backup: fixtureMasters('key-3', 'key-4'),
  // Those to which the scene’s signer wraps its keys.
  platform: fixtureMasters(),
} as const;
const ROLES = ['cold', 'backup', 'platform'] as const;
type Role = keyof typeof MASTERS;

const directory = temporaryDirectory();
let house: CustodyHouse;
let wallets: Wallet[];
let clock: ManualClock;
let parts: DrillParts;

/** Site B of both stations, as they would have filled it; the signer has filled its own. */
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
  const folder = site === 'platform' ? join(house.scene.directory, 'site-b') : join(directory.path, site);
  const readCopy = (name: string) => readRegularFile(join(folder, name), { maxBytes: 8_192 });
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
  expect(await drillStatus(parts)).toMatchObject({ unanswered: 1 });
  expect(await recordDrill(parts, cold, TEST_CAUSE)).toEqual({ proved: 3, known: 0, failed: [] });
  expect(await recordDrill(parts, cold, TEST_CAUSE)).toEqual({ proved: 0, known: 3, failed: [] });
  for (const role of ['backup', 'platform'] as const)
    expect(await recordDrill(parts, await prove(request, role), TEST_CAUSE)).toMatchObject({ proved: 3 });
  expect(await drillStatus(parts)).toMatchObject({
    ...{ wallets: 3, overdue: 0, unanswered: 0 },
    oldest: new Date(cold.provedAt),
  });
  const events = await house.database.outboxEvent.findMany({ where: { type: 'drill.recorded' } });
  expect(events).toHaveLength(9);
});

test('a signature of another drill, key or address is refused, and nothing of its answer is recorded', async () => {
  const first = (await planDrill(parts, 2, TEST_CAUSE))!;
  clock.advance(1_000);
  const second = (await planDrill(parts, 2, TEST_CAUSE))!;
  clock.advance(1_000);
  const answer = await prove(second, 'cold');
  const before = await house.database.recoveryProof.count();
  const refused = async (changed: DrillAnswer, code: string) => {
    await expect(recordDrill(parts, changed, TEST_CAUSE)).rejects.toMatchObject({ code });
  };
  await refused({ ...answer, drill: 'a1'.repeat(16) }, 'drill_answer_foreign');
  const mixed = { ...(await prove(first, 'cold')), proofs: answer.proofs, drill: first.drill };
  await refused(mixed, 'message_signature_invalid');
  const [one, two] = answer.proofs;
  await refused({ ...answer, proofs: [one!, { ...two!, xpub: one!.xpub }] }, 'recovery_key_foreign');
  await refused({ ...answer, provedAt: '2020-01-01T00:00:00.000Z' }, 'drill_answer_foreign');
  await refused({ ...answer, proofs: [{ ...one!, form: 'message' }] }, 'message_signature_invalid');
  // Who changes the request on its way makes keys sign for other addresses than those that were asked.
  const elsewhere = second.wallets.map((entry) => ({ ...entry, addressIndex: entry.addressIndex + 1 }));
  await refused(await prove({ ...second, wallets: elsewhere }, 'cold'), 'message_signature_invalid');
  expect(await house.database.recoveryProof.count()).toBe(before);
});

test('a copy that is missing, damaged or another key’s is reported, and stops no other key', async () => {
  const request = (await planDrill(parts, 3, TEST_CAUSE))!;
  clock.advance(1_000);
  const copies = request.wallets.map(({ keys }) => keys.find(({ role }) => role === 'cold')!.wrappedCopy!);
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
  expect(await recordDrill(parts, answer, TEST_CAUSE)).toMatchObject({
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
  for (const role of ROLES) await recordDrill(parts, await prove(request, role), TEST_CAUSE);
  expect(await drillStatus(parts)).toMatchObject({ overdue: 1 });
});

test('a drill is planned by itself when the last is old enough, once, and written where it is fetched', async () => {
  const folder = join(directory.path, 'drills');
  await mkdir(folder);
  const schedule = { everyDays: 30, wallets: 2, directory: folder };
  const planned = () => house.database.drill.count();
  const before = await planned();
  expect(await drillSchedule(parts, schedule)()).toBe(0);
  clock.advance(31 * DAY_MS);
  // Two workers look at the same moment, one of them without a place for files.
  const nowhere = drillSchedule(parts, { ...schedule, directory: null });
  const other = drillSchedule(parts, { ...schedule, directory: null });
  expect((await Promise.all([nowhere(), other()])).sort()).toEqual([0, 1]);
  const both = [drillSchedule(parts, schedule), drillSchedule(parts, { ...schedule, directory: null })];
  expect(await planned()).toBe(before + 1);
  for (const step of both) expect(await step()).toBe(0);
  const [file, ...others] = await readdir(folder);
  expect(others).toEqual([]);
  const request = parseDrillRequest(JSON.parse(await readFile(join(folder, file!), 'utf8')));
  expect(request.wallets).toHaveLength(2);
  expect(await writeDrills(parts, folder)).toEqual([]);
  clock.advance(1_000);
  expect(await recordDrill(parts, await prove(request, 'cold'), TEST_CAUSE)).toMatchObject({ proved: 2 });
});

test('a customer proves their own key when they choose, by a drill that names no other wallet', async () => {
  const customer = await house.customer();
  await house.stock(1);
  const key = attestedKey(`own key of ${customer.id}`, 'customer', customer.signer);
  const wallet = await house.opened(await house.request(customer.id, 'collaborative', key.attestation));
  const request = await planDrillOf(parts, wallet.id, TEST_CAUSE);
  expect(request.wallets.map(({ wallet: named }) => named)).toEqual([wallet.id]);
  expect(request.wallets[0]!.keys.map(({ role }) => role)).toEqual(['cold', 'customer', 'platform']);
  clock.advance(1_000);
  const answer = answerByCustomer(request, Buffer.from(key.entropy), 'the customer', clock.nowMs());
  expect(await recordDrill(parts, answer, TEST_CAUSE)).toMatchObject({ proved: 1 });
  expect(() => answerByCustomer(request, Buffer.alloc(32, 9), 'the customer', clock.nowMs())).toThrow(
    expect.objectContaining({ code: 'recovery_key_foreign' }),
  );
  // The institution’s own keys are still to be proved.
  const proofs = await house.database.recoveryProof.findMany({ where: { walletId: idToUuid(wallet.id) } });
  expect(proofs.map(({ xpub }) => xpub)).toEqual([key.accountKey.xpub.text]);
});

test('nobody changes or removes a proof', async () => {
  const row = (await house.database.recoveryProof.findFirst())!;
  const where = { id: row.id };
  await expect(house.database.recoveryProof.update({ where, data: { site: 'other' } })).rejects.toThrow();
  await expect(house.database.recoveryProof.delete({ where })).rejects.toThrow();
  await expect(house.database.recoveryProof.create({ data: { ...row, id: randomUUID() } })).rejects.toThrow();
});
