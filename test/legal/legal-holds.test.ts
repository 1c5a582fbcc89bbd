import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApprovalQueue, findIntent, type StoredIntent } from '../../src/approvals/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { statementDigest, type Approval, type RequestSignature } from '../../src/intents/index.ts';
import { accountId } from '../../src/ledger/client/index.ts';
import { imposeLegalHold, requestLift } from '../../src/legal/impose-legal-hold.ts';
import { settleLegalHolds } from '../../src/legal/index.ts';
import { holdPiece } from '../../src/legal/legal-hold-ledger.ts';
import { findLegalHold } from '../../src/legal/legal-hold-store.ts';
import type { LegalHold, LegalHoldId } from '../../src/legal/legal-hold.ts';
import { PolicyInForce } from '../../src/policy/index.ts';
import {
  idToUuid,
  isoTime,
  newId,
  parseId,
  satoshis,
  type CustomerId,
  type WalletId,
} from '../../src/shared/index.ts';
import { ChainHouse } from '../wallets/custody-house.ts';

const SOMEBODY = { actor: { kind: 'anonymous' }, strength: 'none' } as const;

let chain: ChainHouse;
beforeAll(async () => {
  chain = await ChainHouse.open();
});
afterAll(() => chain.close());

function parts() {
  const { database, ledger, scene, parts: opening } = chain.house;
  const { clock } = opening;
  const manifest = () => Promise.resolve(scene.house.manifest);
  const queue = new ApprovalQueue({
    ...{ clock, network: 'regtest', manifest, credentialsOf: () => Promise.resolve(new Map()) },
    policy: new PolicyInForce({ clock }),
    kinds: new Map([['legal_hold_lift', {}]]),
  });
  return { database, ledger, clock, queue, manifest, network: 'regtest' } as const;
}

function staff(index: number) {
  const { id, signer } = chain.house.scene.house.house.approvers[index]!;
  return { id: parseId('staff', id), signer };
}

const strangeOfficer = newId('staff');

/** Steps until nothing is due; time stands still, so what waits for coins is left. */
async function settle(): Promise<void> {
  for (let step = 0; step < 50; step++) if ((await settleLegalHolds(parts())) === 0) return;
  throw new Error('the steps do not end');
}

async function later(ms: number): Promise<void> {
  chain.house.scene.clock.advance(ms);
  await settle();
}

/** A vault with so many satoshis. */
async function vaultWith(amount: bigint): Promise<{ customer: CustomerId; wallet: WalletId }> {
  const { customer, wallet } = await chain.house.vault();
  await arrive(customer.id, wallet.id, amount);
  return { customer: customer.id, wallet: wallet.id };
}

async function arrive(customer: CustomerId, wallet: WalletId, amount: bigint): Promise<void> {
  const { address } = await chain.house.give(wallet, customer);
  await chain.pay(address, amount);
  await chain.mine(6);
}

async function impose(
  customer: CustomerId,
  vault: WalletId | null,
  amount: bigint,
  imposedBy = strangeOfficer,
): Promise<LegalHoldId> {
  const id = newId('legalHold');
  const texts = { reference: '12 K 34/26', authority: 'Amtsgericht Köln', reason: 'a debt' };
  const order = { ...texts, id, customer, vault, satoshis: satoshis(amount), imposedBy };
  await inTransaction(chain.house.database, (tx) => imposeLegalHold(parts(), tx, order, SOMEBODY));
  return id;
}

function read(id: LegalHoldId): Promise<LegalHold> {
  return findLegalHold(chain.house.database, id);
}

async function available(wallet: WalletId): Promise<bigint> {
  const { value } = await chain.house.ledger.accounts([accountId('vault', 1, wallet)]);
  return value[0]!.available;
}

async function askLift(hold: LegalHoldId, by = 0): Promise<StoredIntent> {
  const wish = { intent: newId('intent'), hold, requester: staff(by).id, reason: 'set aside by the court' };
  return inTransaction(chain.house.database, (tx) => requestLift(parts(), tx, wish, SOMEBODY));
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

test('an order holds its part of a balance and no more, until a quorum without whoever entered it lifts it', async () => {
  const { customer, wallet } = await vaultWith(1_000_000n);
  const id = await impose(customer, wallet, 600_000n);
  await settle();
  expect(await read(id)).toMatchObject({ state: 'held', heldSatoshis: 600_000n });
  expect(await available(wallet)).toBe(400_000n);
  const asked = await askLift(id);
  await settle();
  await sign(asked);
  await settle();
  expect(await available(wallet)).toBe(400_000n);
  await expect(approve(asked, 0)).rejects.toMatchObject({ code: 'approver_is_requester' });
  await approve(asked);
  await settle();
  expect(await read(id)).toMatchObject({ state: 'lifted', liftIntent: asked.id });
  expect(await available(wallet)).toBe(1_000_000n);
  await expect(askLift(id)).rejects.toMatchObject({ code: 'legal_hold_step_forbidden' });
  const told = await chain.house.database.outboxEvent.findMany({ where: { subject: id } });
  expect(told.map(({ type, customer: whom }) => [type, whom]).sort()).toEqual([
    ['legal_hold.held', null],
    ['legal_hold.imposed', null],
    ['legal_hold.lifted', null],
  ]);
});

test('what a balance does not have yet is held as it comes in', async () => {
  const { customer, wallet } = await vaultWith(100_000n);
  const id = await impose(customer, wallet, 250_000n);
  await settle();
  expect(await read(id)).toMatchObject({ state: 'holding', heldSatoshis: 100_000n });
  expect(await available(wallet)).toBe(0n);
  await arrive(customer, wallet, 400_000n);
  await later(5_000);
  expect(await read(id)).toMatchObject({ state: 'held', heldSatoshis: 250_000n });
  expect(await available(wallet)).toBe(250_000n);
});

test('whoever entered an order neither asks to lift it nor approves that', async () => {
  const { customer, wallet } = await vaultWith(100_000n);
  const id = await impose(customer, wallet, 50_000n, staff(1).id);
  await settle();
  await expect(askLift(id, 1)).rejects.toMatchObject({ code: 'legal_hold_step_forbidden' });
  const asked = await askLift(id, 0);
  await sign(asked, 0);
  await expect(approve(asked, 1)).rejects.toMatchObject({ code: 'approver_is_requester' });
  expect(await available(wallet)).toBe(50_000n);
});

test('a crash between booking and writing down holds it once', async () => {
  const { customer, wallet } = await vaultWith(100_000n);
  const id = await impose(customer, wallet, 70_000n);
  await settleLegalHolds(parts());
  const begun = await read(id);
  expect(begun.pieces).toMatchObject([{ number: 1, satoshis: 70_000n, state: 'begun' }]);
  await holdPiece(chain.house.ledger, begun, begun.pieces[0]!);
  await settle();
  expect(await read(id)).toMatchObject({ state: 'held', heldSatoshis: 70_000n });
  expect(await available(wallet)).toBe(30_000n);
});

test('rows that say that it is lifted free nothing: the ledger holds it, and only signatures let it go', async () => {
  const { customer, wallet } = await vaultWith(100_000n);
  const [id, other] = [await impose(customer, wallet, 70_000n), await impose(customer, wallet, 10_000n)];
  await settle();
  const asked = await askLift(other);
  await sign(asked);
  await approve(asked);
  await settle();
  expect(await available(wallet)).toBe(30_000n);
  // A draft that nobody signed, and what lifted another hold.
  const draft = await askLift(id);
  const { database } = chain.house;
  await database.legalHold.update({
    where: { id: idToUuid(other) },
    data: { state: 'held', liftIntentId: null },
  });
  const codes: unknown[] = [];
  for (const intent of [draft.id, asked.id]) {
    const forged = { state: 'lifting', liftIntentId: idToUuid(intent), lookAt: new Date(0) };
    await database.legalHold.update({ where: { id: idToUuid(id) }, data: forged });
    await settle().catch((thrown: unknown) => codes.push((thrown as { code?: string }).code));
  }
  expect(codes).toEqual(['legal_hold_damaged', 'legal_hold_damaged']);
  expect(await available(wallet)).toBe(30_000n);
  expect(await chain.house.database.outboxEvent.count({ where: { type: 'alert.raised', subject: id } })).toBe(
    2,
  );
  const { state } = await inTransaction(chain.house.database, (tx) => findIntent(tx, asked.id));
  expect(state).toBe('executed');
});

test('an order names a balance that the customer has, and an amount', async () => {
  const { customer, wallet } = await vaultWith(10_000n);
  const { customer: stranger } = await chain.house.vault();
  await expect(impose(stranger.id, wallet, 1n)).rejects.toMatchObject({ code: 'legal_hold_balance_unknown' });
  await expect(impose(newId('customer'), wallet, 1n)).rejects.toMatchObject({
    code: 'legal_hold_balance_unknown',
  });
  await expect(impose(customer, wallet, 0n)).rejects.toMatchObject({ code: 'legal_hold_empty' });
});
