// Whoever writes to the application's database can stop a withdrawal, but not change what is paid.
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  canonicalJson,
  idToUuid,
  parseId,
  type JsonValue,
  type WithdrawalId,
} from '../../src/shared/index.ts';
import { intentHash, type WithdrawalIntent } from '../../src/intents/index.ts';
import { passkeySigner } from '../fixtures/signing-keys.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';
import { House, pay, type Owner } from './support/house.ts';

let house: House;
let ada: Owner;
beforeAll(async () => {
  house = await House.open();
  ada = await house.owner();
  await house.deposit(ada, 'vault', 900_000n, 900_000n, 900_000n, 900_000n);
});
afterAll(() => house.close());

const THIEF = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';

/** An administrator's chair: no grant, no trigger stands in the way. */
async function tamper(statement: string, ...values: unknown[]): Promise<void> {
  await runAsSuperuser(
    house.chain.house.scene.database,
    `SET session_replication_role = replica; ${statement}`.replace(/\$(\d)/g, (_, n: string) => {
      const value = values[Number(n) - 1];
      return typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`;
    }),
  );
}

function uuid(intent: Pick<WithdrawalIntent, 'id'>): string {
  return idToUuid(parseId('intent', intent.id));
}

async function approved(): Promise<{ id: WithdrawalId; intent: WithdrawalIntent }> {
  const asked = await house.ask(ada, { to: pay(150_000n) });
  await house.sign(ada, asked.intent);
  await house.settle();
  await house.judge(asked.intent);
  return asked;
}

function changed(intent: WithdrawalIntent, body: Partial<WithdrawalIntent['body']>): WithdrawalIntent {
  return { ...intent, body: { ...intent.body, ...body } };
}

async function expectNothingPaid(id: WithdrawalId): Promise<void> {
  await house.settle();
  await house.cosign();
  await house.settle();
  house.chain.house.scene.clock.advance(120_000);
  await house.settle();
  const row = await house.row(id);
  expect(['broadcast', 'confirmed', 'platform_signed']).not.toContain(row.state);
  const sent = await house.database.payoutTransaction.count({
    where: { payout: { withdrawals: { some: { id: idToUuid(id) } } }, transaction: { not: null } },
  });
  expect(sent).toBe(0);
}

test.each([
  [
    'payee',
    (intent: WithdrawalIntent) => changed(intent, { payments: [{ address: THIEF, satoshis: '150000' }] }),
  ],
  [
    'amount',
    (intent: WithdrawalIntent) =>
      changed(intent, { payments: [{ ...intent.body.payments[0]!, satoshis: '850000' }] }),
  ],
  ['fee cap', (intent: WithdrawalIntent) => changed(intent, { maxFeeSatoshis: '700000' })],
])('another %s in the approved intent', async (_, change) => {
  const { id, intent } = await approved();
  const text = canonicalJson(change(intent) as JsonValue);
  await tamper('UPDATE app.queued_intent SET canonical = $1 WHERE id = $2', text, uuid(intent));
  await expectNothingPaid(id);
});

test('another intent with a hash of its own, under approvals for the old one', async () => {
  const { id, intent } = await approved();
  const other = changed(intent, { payments: [{ address: THIEF, satoshis: '150000' }] });
  const text = canonicalJson(other as JsonValue);
  await tamper(
    'UPDATE app.queued_intent SET canonical = $1, hash = $2 WHERE id = $3',
    text,
    intentHash(other),
    uuid(intent),
  );
  await expectNothingPaid(id);
});

test('an approval by a key that the manifest does not name for the approver', async () => {
  const asked = await house.ask(ada, { to: pay(150_000n) });
  await house.sign(ada, asked.intent);
  await house.settle();
  const real = house.approvalBy(asked.intent);
  const forged = { statement: real.statement, signature: passkeySigner().sign(new Uint8Array(32)) };
  await tamper(
    `INSERT INTO app.intent_approval (intent_id, staff_id, decision, content, received_at)
     VALUES ($1, $2, 'approve', $3, now())`,
    uuid(asked.intent),
    idToUuid(parseId('staff', real.statement.approver)),
    canonicalJson(forged as unknown as JsonValue),
  );
  await tamper(
    `UPDATE app.queued_intent SET state = 'approved', version = version + 1 WHERE id = $1`,
    uuid(asked.intent),
  );
  await expectNothingPaid(asked.id);
});

test('amount and state of the withdrawal itself', async () => {
  const { id, intent } = await approved();
  await tamper('UPDATE app.withdrawal SET amount = 900000 WHERE id = $1', idToUuid(id));
  await expectNothingPaid(id);
  expect(await house.intentState(intent)).not.toBe('executed');
});

test('another transaction in place of the one that was built, and signed by a bribed station', async () => {
  const first = await approved();
  const second = await approved();
  for (let look = 0; look < 10; look++) await house.settle();
  const theirs = (await house.row(second.id)).payout!.transactions[0]!;
  const { payoutId } = await house.row(first.id);
  await tamper('UPDATE app.payout_transaction SET psbt = $1 WHERE payout_id = $2', theirs.psbt, payoutId);
  await expectNothingPaid(first.id);
});
