import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { closeAccount, closeOwnAccount } from '../../src/freeze/close-account.ts';
import { requireAllowed } from '../../src/freeze/index.ts';
import { FUNCTIONS } from '../../src/freeze/restriction-kinds-contract.ts';
import type { RestrictionId } from '../../src/freeze/restriction.ts';
import { accountId, bookEvent } from '../../src/ledger/client/index.ts';
import { idToUuid, newId, parseId, type CustomerId, type StaffId } from '../../src/shared/index.ts';
import { approval, releaseIntent, signedRequest } from '../fixtures/intents.ts';
import { House, pay, SOMEBODY, type Owner } from '../withdrawals/support/house.ts';
import { FrozenHouse } from './frozen-house.ts';

let house: House;
let office: FrozenHouse;
let ada: Owner;
let bob: Owner;

beforeAll(async () => {
  house = await House.open();
  office = new FrozenHouse(house);
  ada = await house.owner();
  bob = await house.owner();
  await house.deposit(bob, 'spending', 1_000_000n);
});
afterAll(() => house.close());

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  return await act().then(
    () => 'done',
    (thrown: unknown) => (thrown as { code?: string }).code ?? String(thrown),
  );
}

async function payment(from: CustomerId, to: CustomerId): Promise<string | undefined> {
  const occurrence = {
    ...({ event: 'instantTransfer', entity: newId('transfer'), asset: 1 } as const),
    parties: { customer: from, other: to },
    amounts: { amount: 1_000n },
  };
  const { results } = await house.chain.house.ledger.submit(bookEvent(occurrence));
  return results[0]?.result;
}

async function close({ customer: { id: customer } }: Owner): Promise<RestrictionId> {
  house.chain.house.scene.clock.advance(1_000);
  const id = newId('restriction');
  await inTransaction(house.database, (tx) =>
    closeOwnAccount(tx, house.parts.clock, { id, customer }, SOMEBODY),
  );
  await office.settle();
  return id;
}

async function closeByStaff(
  { customer: { id: customer } }: Owner,
  openedBy: StaffId,
): Promise<RestrictionId> {
  const words = {
    reasonCode: 'officers_order',
    publicText: 'We ended our contract.',
    restrictedText: '',
  } as const;
  const closing = { id: newId('restriction'), customer, openedBy, ...words };
  await inTransaction(house.database, (tx) => closeAccount(tx, house.parts.clock, closing, SOMEBODY));
  await office.settle();
  return closing.id;
}

async function flags({ customer, vault }: Owner) {
  const ids = [accountId('spending', 1, customer.id), accountId('vault', 1, vault.id)];
  const { value } = await house.chain.house.ledger.accounts(ids);
  return value.map((account) => account?.flags.closed ?? false);
}

async function reasonOf(id: RestrictionId): Promise<string | undefined> {
  const entry = await house.database.auditEntry.findFirst({
    where: { entity: id, action: 'restriction.released' },
  });
  return entry === null ? undefined : (JSON.parse(entry.content) as { reason?: string }).reason;
}

describe('an account that is not empty is not closed, and everything is as before', () => {
  test('when a balance is left in one of its accounts', async () => {
    const id = await close(bob);
    expect((await office.read(id)).state).toBe('released');
    expect(await reasonOf(id)).toBe('A balance is left in the account.');
    expect(await flags(bob)).toEqual([false, false]);
    expect(await payment(bob.customer.id, ada.customer.id)).toBe('ok');
    expect(await payment(ada.customer.id, bob.customer.id)).toBe('ok');
    await office.release(await office.frozen(bob.customer.id));
  });

  test('when a deposit is on its way', async () => {
    const carla = await house.owner();
    const { address } = await house.chain.house.give(carla.vault.id, carla.customer.id);
    await house.chain.pay(address, 9_000_000n);
    await house.mine(1);
    const id = await close(carla);
    expect(await reasonOf(id)).toBe('A payment from or to the account is under way.');
    expect(await flags(carla)).toEqual([false, false]);
    await house.mine(6);
    expect((await house.balance('vault', carla.vault.id)).available).toBe(9_000_000n);
  });
});

describe('a closed account', () => {
  let id: RestrictionId;
  let address: string;

  test('does nothing any more, at the API, in the ledger and in the signer', async () => {
    ({ address } = await house.chain.house.give(ada.vault.id, ada.customer.id));
    id = await close(ada);
    expect((await office.read(id)).state).toBe('in_force');
    expect(await flags(ada)).toEqual([true, true]);
    for (const wanted of FUNCTIONS) {
      expect(await codeOf(() => requireAllowed(house.database, ada.customer.id, wanted))).toBe(
        'account_restricted',
      );
    }
    expect(await codeOf(() => house.ask(ada, { to: pay(10_000n) }))).toBe('account_restricted');
    expect(await payment(ada.customer.id, bob.customer.id)).toBe('debit_account_closed');
    expect(await payment(bob.customer.id, ada.customer.id)).toBe('credit_account_closed');
    const { status } = await house.chain.house.signer.freezeStatus({});
    expect(status.statement.restricted).toContain(ada.customer.id);
  });

  test('holds what arrives later in suspense', async () => {
    await house.chain.pay(address, 70_000n);
    await house.mine(6);
    const deposit = await house.database.deposit.findFirstOrThrow({
      where: { walletId: idToUuid(ada.vault.id) },
    });
    expect([deposit.state, deposit.quarantine]).toEqual(['quarantined', 'account_closed']);
    expect((await house.balance('vault', ada.vault.id)).posted).toBe(0n);
    expect((await house.balance('vaultSuspense', ada.vault.id)).posted).toBe(70_000n);
    expect(await house.difference(ada.vault.id)).toBe(0n);
  });

  test('is opened again by nobody: not by a release, not in the database, not at the signer', async () => {
    expect(await codeOf(() => office.ask(id))).toBe('restriction_step_forbidden');
    const uuid = idToUuid(id);
    await expect(
      house.database.restriction.updateMany({ where: { id: uuid }, data: { state: 'released', version: 3 } }),
    ).rejects.toThrow('never opened again');
    const { house: institution } = house.chain.house.scene.house;
    const [asker, other] = institution.approvers;
    house.chain.house.scene.clock.advance(1_000);
    const now = house.parts.clock.nowMs();
    const plain = releaseIntent(institution, asker!.id, ada.customer.id);
    const signedAt = new Date(now).toISOString();
    const intent = {
      ...plain,
      createdAt: signedAt,
      expiresAt: new Date(now + 3_600_000).toISOString(),
      body: { ...plain.body, customer: ada.customer.id, restriction: id },
    };
    const release = {
      intent,
      request: signedRequest(institution, intent, asker!.signer, asker!.id, signedAt),
      approvals: [approval(intent, other!, { signedAt })],
    };
    const { signer } = house.chain.house;
    expect(await codeOf(() => signer.release(release))).toBe('restriction_final');
    expect((await signer.freezeStatus({})).status.statement.restricted).toContain(ada.customer.id);
  });
});

test('staff close an account in pairs, and the case of one may be lifted afterwards', async () => {
  const dora = await house.owner();
  const [first, second] = office.officers.map(({ id }) => parseId('staff', id));
  expect(await codeOf(() => closeByStaff(dora, first!))).toBe('case_missing');
  const opened = await office.impose(dora.customer.id, first);
  await office.settle();
  expect(await codeOf(() => closeByStaff(dora, first!))).toBe('case_missing');
  const closed = await closeByStaff(dora, second!);
  expect((await office.read(closed)).state).toBe('in_force');
  const intent = await office.ask(opened, 1);
  await house.judge(intent, 2);
  await office.settle();
  expect((await office.read(opened)).state).toBe('released');
  expect(await flags(dora)).toEqual([true, true]);
  expect(await payment(bob.customer.id, dora.customer.id)).toBe('credit_account_closed');
});
