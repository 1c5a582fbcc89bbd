import { requestActor, type QueueActor } from '../approvals/index.ts';
import { inTransaction } from '../database/index.ts';
import { lockByLink } from '../freeze/index.ts';
import { handle, type BoundOperation } from '../http/index.ts';
import { requireCustomer } from '../identity/index.ts';
import { derivedId, idToUuid, type CustomerId, type RequestId } from '../shared/index.ts';
import { NoticeError } from './errors.ts';
import { readFreezeToken } from './freeze-link.ts';
import { changePhone, currentPhone } from './notice-contacts.ts';
import * as contract from './notice-contract.ts';
import type { NoticeParts } from './notice-parts.ts';

async function contactsOf({ database }: NoticeParts, customer: CustomerId) {
  const { email } = await database.customer.findUniqueOrThrow({
    where: { id: idToUuid(customer) },
    select: { email: true },
  });
  return { email, phone: await currentPhone(database, customer) };
}

async function follow(parts: NoticeParts, token: string, requestId: RequestId): Promise<Date> {
  const { database, clock, hash } = parts;
  const { customer, event } = readFreezeToken(hash, token, clock.nowMs());
  // Nobody was recognised; the link alone speaks for the customer, and it can only lock.
  const by: QueueActor = { actor: { kind: 'customer', id: customer }, strength: 'none', requestId };
  const lock = { id: derivedId('restriction', event, 'freeze-link'), customer };
  const { state, openedAt } = await inTransaction(database, (tx) => lockByLink(tx, clock, lock, by));
  if (state !== 'released') return openedAt;
  throw new NoticeError('freeze_link_used', 'The lock of this link was lifted since: sign in to lock again.');
}

/** Contacts and freeze links over HTTP. */
export function noticeRoutes(parts: NoticeParts): readonly BoundOperation[] {
  return [
    handle(contract.getNoticeContacts, async ({ principal }) => {
      return { status: 200, body: await contactsOf(parts, requireCustomer(principal)) };
    }),
    handle(contract.setNoticePhone, async (request) => {
      const customer = requireCustomer(request.principal);
      const { number } = request.body;
      const by = requestActor(request);
      await inTransaction(parts.database, (tx) => changePhone(tx, parts.clock, { customer, number }, by));
      return { status: 200, body: await contactsOf(parts, customer) };
    }),
    handle(contract.lockByLink, async ({ body, requestId }) => {
      return { status: 200, body: { lockedAt: await follow(parts, body.token, requestId) } };
    }),
  ];
}
