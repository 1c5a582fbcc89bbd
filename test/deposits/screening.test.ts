import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressOfScript, outpointOf, parseAddress, parseTransaction } from '../../src/bitcoin/index.ts';
import { stepDeposit, stepDeposits, type DepositParts } from '../../src/deposits/step-deposits.ts';
import { accountId } from '../../src/ledger/client/index.ts';
import { ApprovalQueue } from '../../src/approvals/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { importSanctions, listedAmong, PolicyInForce, screenListed } from '../../src/policy/index.ts';
import { listHits, settleHit } from '../../src/policy/screening-hits.ts';
import { idFromUuid, idToUuid, ManualClock, newId, type WalletId } from '../../src/shared/index.ts';
import { ChainHouse } from '../wallets/custody-house.ts';

const DAY_MS = 86_400_000;

let chain: ChainHouse;
beforeAll(async () => {
  chain = await ChainHouse.open();
});
afterAll(() => chain.close());

function parts(): DepositParts {
  return { ...chain.depositParts, screening: { network: 'regtest', listed: listedAmong } };
}

/** A payment to a new vault, in a block and not deep enough yet. */
async function paid(): Promise<{ readonly wallet: WalletId; readonly source: string }> {
  const { customer, wallet } = await chain.house.vault();
  const { address } = await chain.house.give(wallet.id, customer.id);
  await chain.pay(address, 150_000n);
  await chain.mine(1);
  const [deposit] = await chain.deposits(wallet.id);
  const [input] = parseTransaction((await chain.node.transaction(deposit!.txid)).bytes).ins;
  const [parent = '', index = ''] = outpointOf(input!).split(':');
  const { outs } = parseTransaction((await chain.node.transaction(parent)).bytes);
  return { wallet: wallet.id, source: addressOfScript(outs[Number(index)]!.script, 'regtest')!.text };
}

async function list(address: string, reputation: string, expiresInMs = DAY_MS): Promise<void> {
  const expiresAt = new Date(Date.now() + expiresInMs);
  const enteredAt = new Date(Date.now() - DAY_MS);
  await chain.house.database.listedAddress.create({
    data: {
      ...{ id: idToUuid(newId('policy')), address, reputation, source: 'staff', reference: 'case 7' },
      ...{ reason: 'stolen coins', enteredBy: newId('staff'), enteredAt, expiresAt },
    },
  });
}

/** Enough blocks, and every step that is due, by a worker that screens. */
async function carryOn(): Promise<void> {
  await chain.regtest.control.mine(6);
  await chain.follower.poll();
  while ((await stepDeposits(parts())) > 0);
}

async function suspense(wallet: WalletId): Promise<bigint> {
  const { value } = await chain.house.ledger.accounts([accountId('vaultSuspense', 1, wallet)]);
  return value[0]!.creditsPosted - value[0]!.debitsPosted;
}

let credited: { readonly wallet: WalletId; readonly source: string };

test('a deposit from a listed address goes to suspense; its owner reads no reason, staff do', async () => {
  credited = await paid();
  const { wallet, source } = credited;
  await list(source, 'watched');
  await list(source, 'sanctioned', -1_000);
  await carryOn();
  expect((await chain.deposits(wallet))[0]).toMatchObject({ state: 'credited' });

  const listed = await paid();
  await list(listed.source, 'blocked');
  await carryOn();
  const [deposit] = await chain.deposits(listed.wallet);
  expect(deposit).toMatchObject({ state: 'quarantined', quarantine: 'review' });
  expect(await suspense(listed.wallet)).toBe(150_000n);
  const { database } = chain.house;
  const audit = await database.auditEntry.findMany({
    where: { entity: deposit!.id, action: 'deposit.set_aside' },
  });
  expect(audit.map(({ content }) => content).join()).toContain(`${listed.source} is blocked (staff).`);
  const events = await database.outboxEvent.findMany({ where: { subject: deposit!.id } });
  expect(events.filter(({ type }) => type === 'alert.raised').map(({ customer }) => customer)).toEqual([
    null,
  ]);
  const told = events.filter(({ customer }) => customer !== null).map(({ content }) => content);
  expect(told.join()).not.toContain(listed.source);
  expect(await stepDeposit(parts(), deposit!.id)).toBe(false);
});

const BY = { actor: { kind: 'staff', id: newId('staff') }, strength: 'passkey' } as const;
/** The lists' own: deposits go by the clock of the machine. */
const clock = new ManualClock(Date.now());
const ALL = { isSettled: null, customer: null, after: null, limit: 1_000 };

/** A worker that looks for what has to do with newly listed addresses, one hit at a time. */
async function screen(): Promise<void> {
  const { database, parts: opening } = chain.house;
  const { manifest, network } = opening;
  const policy = new PolicyInForce({ clock });
  const credentialsOf = () => Promise.resolve(new Map<string, never>());
  const queue = new ApprovalQueue({ clock, network, manifest, policy, credentialsOf, kinds: new Map() });
  while ((await screenListed({ database, clock, queue }, 1)) > 0);
}

/** A published list with this one address of the main network. */
async function publish(day: number, address: string | null): Promise<void> {
  const { database } = chain.house;
  const mainnet = (text: string) =>
    addressOfScript(parseAddress(text, 'regtest').scriptPubKey, 'mainnet')!.text;
  const named = address === null ? [] : [{ entry: '7', name: 'DOE', address: mainnet(address) }];
  await importSanctions(
    { database, clock, network: 'regtest' },
    { publishedOn: new Date(Date.UTC(2026, 5, day)), sha256: 'a'.repeat(64), addresses: named, others: 0 },
    BY,
    { allowShrink: true },
  );
}

test('what an address sent before it was listed is found, once, and staff alone hear of it', async () => {
  const { database } = chain.house;
  const { wallet, source } = credited;
  const [deposit] = await chain.deposits(wallet);
  const sent = await database.depositSource.findMany({ where: { address: source } });
  const ids = sent.map(({ depositId }) => idFromUuid('deposit', depositId)).sort();
  expect(ids).toContain(deposit!.id);
  const hits = async (of: string) =>
    (await listHits(database, ALL)).filter((hit) => hit.source === of && hit.address === source);
  const settle = async (id: Awaited<ReturnType<typeof hits>>[number]['id']) =>
    await inTransaction(database, (tx) =>
      settleHit(tx, clock, { id, reason: 'Looked at.', staff: BY.actor.id }, BY),
    );

  // Staff had listed it too; each payment is one thing to look at, however many lists name the address.
  await screen();
  const byStaff = await hits('staff');
  expect([...new Set(byStaff.map(({ subject }) => subject))].sort()).toEqual(ids);
  await publish(1, source);
  await screen();
  expect(await hits('ofac-sdn')).toEqual([]);
  for (const { id } of byStaff) await settle(id);
  await expect(settle(byStaff[0]!.id)).rejects.toMatchObject({ code: 'screening_hit_settled' });
  await expect(settle(newId('screeningHit'))).rejects.toMatchObject({ code: 'screening_hit_unknown' });

  // Dropped and named again: while it had run out nothing was stopped, so payments are looked for once more.
  await publish(2, null);
  clock.advance(8 * DAY_MS);
  await publish(3, source);
  await screen();
  const published = await hits('ofac-sdn');
  expect(published.map(({ subject }) => subject).sort()).toEqual(ids);
  expect(published.find(({ subject }) => subject === deposit!.id)).toMatchObject({
    ...{ kind: 'received_from', reputation: 'sanctioned', reference: '7', settledAt: null },
    customer: deposit!.customerId,
  });
  await publish(3, source);
  await screen();
  expect(await hits('ofac-sdn')).toHaveLength(ids.length);

  const events = await database.outboxEvent.findMany({ where: { subject: deposit!.id } });
  const alerts = events.filter(({ content }) => content.includes('deposit_source_listed'));
  expect(alerts.length).toBeGreaterThan(1);
  expect(new Set(alerts.map(({ type, customer }) => `${type} ${customer}`))).toEqual(
    new Set(['alert.raised null']),
  );
  const told = await database.outboxEvent.findMany({ where: { customer: deposit!.customerId } });
  expect(told.map(({ content }) => content).join()).not.toMatch(/listed|sanction|ofac/);
});
