import { inTransaction } from '../../src/database/index.ts';
import { requireAllowed } from '../../src/freeze/index.ts';
import type { RestrictionId } from '../../src/freeze/restriction.ts';
import { accountId, bookEvent } from '../../src/ledger/client/index.ts';
import { idToUuid, newId, type CustomerId } from '../../src/shared/index.ts';
import type { House } from '../withdrawals/support/house.ts';
import type { FrozenHouse } from './frozen-house.ts';

export interface Moved {
  readonly done: boolean;
  /** When it was answered, by the one clock of this process. */
  readonly at: number;
}

/** An instant payment as the API makes it: allowed and stored in one transaction, then booked. */
export async function racingPayment(
  house: House,
  parties: { readonly customer: CustomerId; readonly other: CustomerId },
): Promise<Moved> {
  const id = newId('transfer');
  const row = {
    id: idToUuid(id),
    senderId: idToUuid(parties.customer),
    recipientId: idToUuid(parties.other),
  };
  try {
    await inTransaction(house.database, async (tx) => {
      await requireAllowed(tx, parties.customer, 'transfer');
      await tx.transfer.create({ data: { ...row, amount: 1n, state: 'requested', requestedAt: new Date() } });
    });
  } catch {
    return { done: false, at: performance.now() };
  }
  const occurrence = {
    ...({ event: 'instantTransfer', entity: id, asset: 1 } as const),
    parties,
    amounts: { amount: 1n },
  };
  const { results } = await house.chain.house.ledger.submit(bookEvent(occurrence));
  const done = results[0]?.result === 'ok';
  const state = done ? 'completed' : 'refused';
  const refusal = done ? null : 'transfer_sender_frozen';
  await house.database.transfer.update({
    where: { id: row.id },
    data: { state, settledAt: new Date(), refusal },
  });
  return { done, at: performance.now() };
}

/** What has left a customer's spending balance. */
export async function spentOf(house: House, customer: CustomerId): Promise<bigint> {
  const { value } = await house.chain.house.ledger.accounts([accountId('spending', 1, customer)]);
  return value[0]?.debitsPosted ?? 0n;
}

/** The worker, until the restriction is in force; what is under way makes it look again. */
export async function untilInForce(office: FrozenHouse, id: RestrictionId): Promise<void> {
  for (;;) {
    await office.settle().catch((thrown: unknown) => {
      if ((thrown as { code?: string }).code !== 'restriction_not_acknowledged') throw thrown;
    });
    if ((await office.read(id)).state === 'in_force') return;
    // What was under way is looked at again after a while.
    office.house.chain.house.scene.clock.advance(3_000);
  }
}
