import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApprovalQueue, findIntent, type StoredIntent } from '../../src/approvals/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { releaseDeposits, stepDeposits } from '../../src/deposits/index.ts';
import { requestDepositRelease } from '../../src/deposits/release-deposit.ts';
import { statementDigest, type Approval, type RequestSignature } from '../../src/intents/index.ts';
import { accountId, type PurposeName } from '../../src/ledger/client/index.ts';
import { PolicyInForce } from '../../src/policy/index.ts';
import {
  idToUuid,
  isoTime,
  newId,
  parseId,
  satoshis,
  type CustomerId,
  type Id,
  type WalletId,
} from '../../src/shared/index.ts';
import { deriveAddress } from '../../src/bitcoin/index.ts';
import { descriptorOf, explainAddress } from '../../src/wallets/index.ts';
import { buildSpend, OP_TRUE_SCRIPT } from '../chain/support/faucet-spends.ts';
import { numberedScript } from '../chain/support/followed-chain.ts';
import { ChainHouse } from '../wallets/custody-house.ts';

const SOMEBODY = { actor: { kind: 'anonymous' }, strength: 'none' } as const;

let chain: ChainHouse;
beforeAll(async () => {
  chain = await ChainHouse.open();
});
afterAll(() => chain.close());

function parts() {
  const { database, scene, parts: opening } = chain.house;
  const { clock } = opening;
  const manifest = () => Promise.resolve(scene.house.manifest);
  const queue = new ApprovalQueue({
    ...{ clock, network: 'regtest', manifest, credentialsOf: () => Promise.resolve(new Map()) },
    policy: new PolicyInForce({ clock }),
    kinds: new Map([['deposit_release', {}]]),
  });
  return { database, clock, queue, manifest } as const;
}

function staff(index: number) {
  return chain.house.scene.house.house.approvers[index]!;
}

async function ask(deposit: Id<'deposit'>, customer: CustomerId | null = null): Promise<StoredIntent> {
  const wish = {
    ...{ intent: newId('intent'), deposit, customer, reason: 'papers seen' },
    requester: parseId('staff', staff(0).id),
  };
  return inTransaction(chain.house.database, (tx) => requestDepositRelease(parts(), tx, wish, SOMEBODY));
}

async function sign({ id, hash }: StoredIntent, by = 0): Promise<void> {
  const { queue, clock, database } = parts();
  const { id: credential, signer } = staff(by);
  const signedAt = isoTime(clock.nowMs());
  const statement: RequestSignature['statement'] = {
    purpose: 'request',
    intentHash: hash,
    credential,
    signedAt,
  };
  const request = { statement, signature: signer.sign(statementDigest(statement)) };
  await inTransaction(database, (tx) => queue.sign(tx, id, request, SOMEBODY));
}

async function approve({ id, hash }: StoredIntent, by = 1): Promise<void> {
  const { queue, clock, database } = parts();
  const { id: approver, signer } = staff(by);
  const statement: Approval['statement'] = {
    ...{ purpose: 'approval', intentHash: hash, decision: 'approve', approver },
    signedAt: isoTime(clock.nowMs()),
  };
  const approval = { statement, signature: signer.sign(statementDigest(statement)) };
  await inTransaction(database, (tx) => queue.judge(tx, id, approval, approver, SOMEBODY));
}

async function carryOut(): Promise<void> {
  await releaseDeposits(parts());
  while ((await stepDeposits(chain.depositParts)) > 0);
}

async function claim(purpose: PurposeName, owner: CustomerId | WalletId): Promise<bigint> {
  const { value } = await chain.house.ledger.accounts([accountId(purpose, 1, owner)]);
  return (value[0]?.creditsPosted ?? 0n) - (value[0]?.debitsPosted ?? 0n);
}

/** A vault with quarantined dust. */
async function quarantined() {
  const { customer, wallet } = await chain.house.vault();
  const { address } = await chain.house.give(wallet.id, customer.id);
  await chain.pay(address, 999n);
  await chain.mine(2);
  const [deposit] = await chain.deposits(wallet.id);
  expect(deposit).toMatchObject({ state: 'quarantined', quarantine: 'dust' });
  return { customer, wallet, deposit: deposit! };
}

function state(id: StoredIntent['id']): Promise<string> {
  return inTransaction(chain.house.database, async (tx) => (await findIntent(tx, id)).state);
}

test('signed by the one who asks and approved by another, it is credited; a reorganisation keeps that', async () => {
  const { wallet, deposit } = await quarantined();
  const asked = await ask(deposit.id);
  await carryOut();
  await sign(asked);
  await carryOut();
  expect((await chain.deposits(wallet.id))[0]).toMatchObject({ state: 'quarantined' });
  await expect(approve(asked, 0)).rejects.toMatchObject({ code: 'approver_is_requester' });
  await approve(asked);
  await carryOut();
  await carryOut();
  expect(await state(asked.id)).toBe('executed');
  expect((await chain.deposits(wallet.id))[0]).toMatchObject({ state: 'credited', releaseIntent: asked.id });
  expect([await claim('vault', wallet.id), await claim('vaultSuspense', wallet.id)]).toEqual([999n, 0n]);
  expect(await chain.difference(wallet.id)).toBe(0n);
  await expect(ask(deposit.id)).rejects.toMatchObject({ code: 'deposit_step_forbidden' });
  await chain.regtest.control.disconnect(2);
  await chain.regtest.control.mine(1, numberedScript(3));
  await chain.mine(2);
  expect((await chain.deposits(wallet.id))[0]).toMatchObject({ state: 'credited', cycle: 2 });
  expect([await claim('vault', wallet.id), await claim('vaultSuspense', wallet.id)]).toEqual([999n, 0n]);
  expect(await chain.difference(wallet.id)).toBe(0n);
});

test('what came to an address that nobody was given is credited to whom the quorum names', async () => {
  const treasury = await chain.house.treasury();
  const ada = await chain.house.customer();
  await chain.house.give(treasury.id, ada.id);
  await chain.house.opened(treasury.id);
  await chain.pay(deriveAddress(descriptorOf(treasury), 'receive', 5).address, 70_000n);
  await chain.mine(2);
  const [deposit] = await chain.deposits(treasury.id);
  await expect(ask(deposit!.id)).rejects.toMatchObject({ code: 'deposit_step_forbidden' });
  const asked = await ask(deposit!.id, ada.id);
  await sign(asked);
  await approve(asked);
  await carryOut();
  expect((await chain.deposits(treasury.id))[0]).toMatchObject({ state: 'credited', customerId: ada.id });
  expect(await claim('spending', ada.id)).toBe(70_000n);
  expect(await chain.difference(treasury.id)).toBe(0n);
});

test('whoever writes to the database cannot let a deposit go', async () => {
  const { wallet, deposit } = await quarantined();
  const asked = await ask(deposit.id);
  const { database, scene } = chain.house;
  await sign(asked);
  // Approved by the table alone.
  await scene.query(
    `UPDATE app.queued_intent SET state = 'approved', version = version + 1 WHERE id = '${idToUuid(asked.id)}' RETURNING id`,
  );
  await carryOut();
  expect(await state(asked.id)).toBe('rejected');
  expect((await chain.deposits(wallet.id))[0]).toMatchObject({ state: 'quarantined', releaseIntent: null });
  const alerts = await database.outboxEvent.findMany({ where: { subject: asked.id, type: 'alert.raised' } });
  expect(alerts).toHaveLength(1);
  const update = (sql: string): Promise<unknown> =>
    database.$executeRawUnsafe(`UPDATE deposit SET ${sql} WHERE id = '${idToUuid(deposit.id)}'`);
  await expect(update(`state = 'credited', credited_at = now()`)).rejects.toThrow('deposit_credited_check');
  await expect(update(`customer_id = '${idToUuid(newId('customer'))}'`)).rejects.toThrow('stays its owner');
  await expect(update(`release_intent = '${idToUuid(newId('intent'))}'`)).rejects.toThrow('fkey');
});

/** Approved, and not carried out yet when the chain moves. */
async function releaseUnderWay(deposit: Id<'deposit'>): Promise<StoredIntent> {
  const asked = await ask(deposit);
  await sign(asked);
  await approve(asked);
  return asked;
}

test('a deposit that left the chain before its release is carried out, and was spent otherwise, is never credited', async () => {
  const { customer, wallet } = await chain.house.vault();
  const { address } = await chain.house.give(wallet.id, customer.id);
  const { address: given } = await explainAddress(chain.house.database, address, 'anybody');
  const coin = await chain.regtest.control.fund(OP_TRUE_SCRIPT, satoshis(5_000n));
  await chain.mine(1);
  const spend = (script: Uint8Array, amount: bigint) =>
    chain.node.broadcast(buildSpend({ coins: [coin], outputs: [{ script, satoshis: amount }] }));
  await spend(given.script, 999n);
  await chain.mine(2);
  const [deposit] = await chain.deposits(wallet.id);
  expect(deposit).toMatchObject({ state: 'quarantined', quarantine: 'dust' });
  const asked = await releaseUnderWay(deposit!.id);
  await chain.regtest.control.disconnect(2);
  await spend(OP_TRUE_SCRIPT, 900n);
  await chain.regtest.control.mine(3, numberedScript(4));
  await chain.follower.poll();
  await carryOut();
  await chain.mine(3);
  await carryOut();
  expect(await state(asked.id)).toBe('executed');
  expect(await chain.deposits(wallet.id)).toMatchObject([{ state: 'dropped', cycle: 1, creditedAt: null }]);
  expect([await claim('vault', wallet.id), await claim('vaultSuspense', wallet.id)]).toEqual([0n, 0n]);
  expect(await chain.difference(wallet.id)).toBe(0n);
});

test('a deposit that is mined anew before its release is carried out is credited once', async () => {
  const { wallet, deposit } = await quarantined();
  const asked = await releaseUnderWay(deposit.id);
  await chain.regtest.control.disconnect(2);
  await chain.regtest.control.mine(3, numberedScript(5));
  await chain.follower.poll();
  await carryOut();
  await chain.mine(3);
  await carryOut();
  expect(await state(asked.id)).toBe('executed');
  expect(await chain.deposits(wallet.id)).toMatchObject([
    { state: 'credited', cycle: 2, releaseIntent: asked.id },
  ]);
  expect([await claim('vault', wallet.id), await claim('vaultSuspense', wallet.id)]).toEqual([999n, 0n]);
  expect(await chain.difference(wallet.id)).toBe(0n);
});
