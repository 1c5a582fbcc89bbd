import { appendAudit, type AuditEntry } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import { BitcoinError, parseAddress, type NetworkName } from '../bitcoin/index.ts';
import type { DatabaseTransaction, Prisma } from '../database/index.ts';
import { appendEvent } from '../events/index.ts';
import { requireAllowed } from '../freeze/index.ts';
import { idFromUuid, idToUuid, newId, type Clock, type CustomerId, type Id } from '../shared/index.ts';
import { ListError } from './lists-errors.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import type { Tables } from './policy-store.ts';

const HOUR_MS = 3_600_000;

export type DestinationId = Id<'destination'>;

export interface AddressBookParts {
  readonly clock: Clock;
  readonly network: NetworkName;
  readonly policy: PolicyInForce;
}

/** A destination that a customer has named. */
export interface Destination {
  readonly id: DestinationId;
  readonly address: string;
  readonly label: string;
  readonly addedAt: Date;
  readonly usableAt: Date;
}

export interface AddressBook {
  readonly items: readonly Destination[];
  readonly onlyKnown: boolean;
  readonly opensAt: Date | null;
}

function destinationOf(row: Prisma.AddressBookEntryModel): Destination {
  const { address, label, addedAt, usableAt } = row;
  return { id: idFromUuid('destination', row.id), address, label, addedAt, usableAt };
}

/** The one spelling of an address. @throws ListError `destination_invalid`. */
export function canonicalAddress(text: string, network: NetworkName): string {
  try {
    return parseAddress(text, network).text;
  } catch (cause) {
    if (!(cause instanceof BitcoinError)) throw cause;
    throw new ListError('destination_invalid', cause.message, { details: { reason: cause.code }, cause });
  }
}

/** What a customer has named and wished. */
export async function readAddressBook(tables: Tables, customer: CustomerId, now: Date): Promise<AddressBook> {
  const customerId = idToUuid(customer);
  const rows = await tables.addressBookEntry.findMany({
    where: { customerId, removedAt: null },
    orderBy: { id: 'asc' },
  });
  const choices = await tables.allowListChoice.findMany({
    where: { customerId },
    orderBy: { id: 'desc' },
    take: 2,
  });
  const begun = choices.find(({ beginsAt }) => beginsAt <= now);
  const [newest] = choices;
  const opens =
    newest !== undefined && !newest.onlyKnown && newest.beginsAt > now && begun?.onlyKnown === true;
  return {
    items: rows.map(destinationOf),
    onlyKnown: begun?.onlyKnown ?? false,
    opensAt: opens ? newest.beginsAt : null,
  };
}

async function coolingOffMs({ policy }: AddressBookParts, tx: DatabaseTransaction): Promise<number> {
  const { document } = await policy.current(tx);
  return document.addressBook.coolingOffHours * HOUR_MS;
}

async function record(
  { clock }: AddressBookParts,
  tx: DatabaseTransaction,
  customer: CustomerId,
  { actor, strength, requestId }: QueueActor,
  what: Pick<AuditEntry, 'action' | 'before' | 'after'>,
): Promise<void> {
  const request = requestId === undefined ? {} : { requestId };
  await appendAudit(tx, { actor, strength, entity: customer, ...what, ...request }, clock);
}

/**
 * Names a destination, which counts as known when it has cooled off. The customer is told of it.
 * @throws ListError `destination_invalid`, `destination_known`; FreezeError `account_restricted`.
 */
export async function addDestination(
  parts: AddressBookParts,
  tx: DatabaseTransaction,
  wish: {
    readonly id: DestinationId;
    readonly customer: CustomerId;
    readonly address: string;
    readonly label: string;
  },
  by: QueueActor,
): Promise<Destination> {
  const { id, customer, label } = wish;
  await requireAllowed(tx, customer, 'settings');
  const address = canonicalAddress(wish.address, parts.network);
  const nowMs = parts.clock.nowMs();
  const usableAt = new Date(nowMs + (await coolingOffMs(parts, tx)));
  const entry = { id: idToUuid(id), customerId: idToUuid(customer), address, label };
  const { count } = await tx.addressBookEntry.createMany({
    data: [{ ...entry, addedAt: new Date(nowMs), usableAt }],
    skipDuplicates: true,
  });
  if (count === 0) throw new ListError('destination_known', 'The address book has this address already.');
  await record(parts, tx, customer, by, { action: 'address_book.add', after: { destination: id, address } });
  const data = { destination: id, address, label, usableAt: usableAt.toISOString() };
  await appendEvent(tx, { type: 'destination.added', subject: id, customer, data }, parts.clock);
  return destinationOf(await tx.addressBookEntry.findUniqueOrThrow({ where: { id: entry.id } }));
}

/** Takes a destination out, at once. @throws ListError `destination_unknown`. */
export async function removeDestination(
  parts: AddressBookParts,
  tx: DatabaseTransaction,
  customer: CustomerId,
  id: DestinationId,
  by: QueueActor,
): Promise<void> {
  const [removed] = await tx.addressBookEntry.updateManyAndReturn({
    where: { id: idToUuid(id), customerId: idToUuid(customer), removedAt: null },
    data: { removedAt: new Date(parts.clock.nowMs()) },
    select: { address: true, label: true },
  });
  if (removed === undefined)
    throw new ListError('destination_unknown', 'The address book has no such entry.');
  const before = { destination: id, ...removed };
  await record(parts, tx, customer, by, { action: 'address_book.remove', before, after: null });
}

/**
 * Lets payments go only to the address book, at once; or elsewhere again, when as much time has passed as a new
 * destination cools off. @throws FreezeError `account_restricted`, for opening it alone.
 */
export async function setAllowList(
  parts: AddressBookParts,
  tx: DatabaseTransaction,
  customer: CustomerId,
  onlyKnown: boolean,
  by: QueueActor,
): Promise<void> {
  if (!onlyKnown) await requireAllowed(tx, customer, 'settings');
  const nowMs = parts.clock.nowMs();
  const begins = onlyKnown ? nowMs : nowMs + (await coolingOffMs(parts, tx));
  const [chosenAt, beginsAt] = [new Date(nowMs), new Date(begins)];
  const last = await tx.allowListChoice.findFirst({
    where: { customerId: idToUuid(customer) },
    orderBy: { id: 'desc' },
  });
  const before = { onlyKnown: last?.onlyKnown ?? false };
  const id = idToUuid(newId('destination'));
  await tx.allowListChoice.create({
    data: { id, customerId: idToUuid(customer), onlyKnown, chosenAt, beginsAt },
  });
  await record(parts, tx, customer, by, { action: 'address_book.restrict', before, after: { onlyKnown } });
  const data = { onlyKnown, beginsAt: beginsAt.toISOString() };
  await appendEvent(tx, { type: 'allow_list.changed', subject: customer, customer, data }, parts.clock);
}
