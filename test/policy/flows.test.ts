import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PolicyOutcome } from '../../src/approvals/index.ts';
import { inTransaction, openDatabase, type Database } from '../../src/database/index.ts';
import type { WithdrawalIntent } from '../../src/intents/index.ts';
import { findAdmission, recordAdmission } from '../../src/policy/admission.ts';
import type { RecordedFacts } from '../../src/policy/facts-record.ts';
import { measureFlows } from '../../src/policy/measure-flows.ts';
import { idToUuid, newId, satoshis, type CustomerId } from '../../src/shared/index.ts';
import { institution, withdrawalIntent } from '../fixtures/intents.ts';
import { createTestDatabase, type TestDatabase } from '../postgres/test-database.ts';

const START = Date.parse('2026-06-01T00:30:00.000Z');
const HOUR = 3_600_000;
const [ONE, TWO] = [
  'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
  'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry',
];
const WINDOWS = [
  { per: 'customer', hours: 24 },
  { per: 'destination', hours: 24 },
  { per: 'global', hours: 24 },
  { per: 'global', hours: 1 },
] as const;

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.app);
});
afterAll(async () => {
  await database.$disconnect();
  await testDatabase.drop();
});

async function admitted(
  customer: CustomerId,
  amount: bigint,
  hour: number,
  paid: Readonly<Record<string, bigint>>,
  isDenied = false,
): Promise<WithdrawalIntent> {
  const intent = withdrawalIntent(institution());
  const facts: RecordedFacts = {
    ...{ askedAtMs: START, initiator: 'customer', customer, plan: 'custodial', balance: 'vault' },
    ...{ riskScore: null, onlyKnown: false, flows: new Map() },
    amount: satoshis(amount),
    payees: Object.entries(paid).map(([address, value]) => ({
      ...{ address, satoshis: value, own: false, ageHours: 0, known: false, reputation: 'unlisted' },
    })),
  };
  const outcome: PolicyOutcome = isDenied
    ? { outcome: 'deny', reason: 'No.' }
    : {
        outcome: 'approvals',
        rules: [{ approvals: 1, roles: ['compliance'], localApprovals: 0 }],
        coolingOffMs: 0,
        because: [],
      };
  const at = new Date(START + hour * HOUR);
  await inTransaction(database, (tx) =>
    recordAdmission(tx, intent, { facts, policyVersion: 1, outcome, at }),
  );
  return intent;
}

async function flows(customer: CustomerId, hour: number): Promise<Record<string, string>> {
  const of = { customer, addresses: [ONE, TWO], nowMs: START + hour * HOUR };
  const found = await inTransaction(database, (tx) => measureFlows(tx, WINDOWS, of));
  return Object.fromEntries(
    [...found].map(([key, { satoshis: sum, withdrawals }]) => [key, `${sum} in ${withdrawals}`]),
  );
}

/** The withdrawal of an intent, on its way to that state. */
async function moved(intent: WithdrawalIntent, state: string): Promise<void> {
  const at = new Date(START);
  const id = idToUuid(newId('withdrawal'));
  await database.withdrawal.create({
    data: {
      ...{ id, intentId: idToUuid(intent.id as never), customerId: idToUuid(newId('customer')) },
      ...{ walletId: idToUuid(newId('wallet')), balance: 'vault', destination: 'address' },
      ...{ amount: 1_000n, maxFee: 1n, state: 'requested', createdAt: at, changedAt: at, lookAt: at },
    },
  });
  await database.withdrawal.update({
    where: { id },
    data: { state, lookAt: null, endReason: 'It is over.' },
  });
}

describe('windows', () => {
  test('hold what was admitted, per customer, per destination and in all, and nothing that was denied', async () => {
    const [ada, bob] = [newId('customer'), newId('customer')];
    await admitted(ada, 110n, 0, { [ONE]: 100n });
    await admitted(ada, 60n, 5, { [ONE]: 20n, [TWO]: 30n });
    await admitted(bob, 1_000n, 5, { [TWO]: 900n });
    await admitted(ada, 7_000n, 5, { [ONE]: 6_000n }, true);
    expect(await flows(ada, 5)).toEqual({
      'customer/24': '170 in 2',
      [`destination/24/${ONE}`]: '120 in 2',
      [`destination/24/${TWO}`]: '930 in 2',
      'global/24': '1170 in 3',
      'global/1': '1060 in 2',
    });
    // A window begins with its first hour, so it is never shorter than it says.
    expect((await flows(ada, 24))['customer/24']).toBe('170 in 2');
    expect((await flows(ada, 25))['customer/24']).toBe('60 in 1');
    expect((await flows(ada, 30))['customer/24']).toBe('0 in 0');
  });

  test('let go of what ends unpaid, in the transaction that ends it, and once', async () => {
    const ada = newId('customer');
    const [kept, ended] = [
      await admitted(ada, 5n, 100, { [ONE]: 4n }),
      await admitted(ada, 9n, 100, { [ONE]: 8n }),
    ];
    await moved(ended, 'cancelled');
    await moved(ended, 'failed').catch(() => undefined);
    expect(await flows(ada, 100)).toMatchObject({
      'customer/24': '5 in 1',
      [`destination/24/${ONE}`]: '4 in 1',
      'global/24': '5 in 1',
    });
    const rows = await database.policyPayment.findMany({ where: { customerId: idToUuid(ada) } });
    expect(rows.filter(({ ended: isEnded }) => !isEnded)).toHaveLength(1);
    expect((await inTransaction(database, (tx) => findAdmission(tx, kept)))?.amount).toBe(5n);
  });

  test('are the database’s own sums: whoever works on the database as we do cannot write them', async () => {
    const row = { scope: 'global', key: '', hour: new Date(START), satoshis: 1n, withdrawals: 1 };
    await expect(database.policyFlow.create({ data: row })).rejects.toThrow();
    await expect(database.policyFlow.updateMany({ data: { satoshis: 0n } })).rejects.toThrow();
    await expect(database.policyAdmission.updateMany({ data: { ended: true } })).rejects.toThrow();
    await expect(database.policyPayment.deleteMany({})).rejects.toThrow();
  });
});
