import { requestActor, findIntent, withAlarm } from '../approvals/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { handle, handleOnce, type BoundOperation, type Principal } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { idToUuid, parseId, type CustomerId, type RequestId, type WithdrawalId } from '../shared/index.ts';
import { bumpFee } from './bump-fee.ts';
import { listAwaitedBundles, submitBundle } from './bundle-contract.ts';
import { WithdrawalError } from './errors.ts';
import { awaitedBundles, importBundle } from './exchange-bundles.ts';
import { requestWithdrawal } from './request-withdrawal.ts';
import * as contract from './withdrawal-contract.ts';
import type { RequestParts } from './withdrawal-parts.ts';
import { findWithdrawal, moveWithdrawal, withdrawalOf } from './withdrawal-store.ts';
import { withdrawalEvidence } from './withdrawal-evidence.ts';
import { viewWithdrawal } from './withdrawal-view.ts';
import type { Withdrawal } from './withdrawal.ts';

const HOUR_MS = 3_600_000;
const DEFAULT_HOURS = 72;

function customerOf({ id }: Principal): CustomerId {
  return parseId('customer', id);
}

/** A withdrawal that the caller may see; for a customer, those of others do not exist. */
async function visible(tx: DatabaseTransaction, id: WithdrawalId, principal: Principal): Promise<Withdrawal> {
  const withdrawal = await findWithdrawal(tx, id);
  if (principal.kind === 'customer' && withdrawal.customerId !== principal.id) {
    throw new WithdrawalError('withdrawal_unknown', 'There is no such withdrawal.');
  }
  return withdrawal;
}

function customersRoutes(parts: RequestParts): BoundOperation[] {
  return [
    handleOnce(contract.createWithdrawal, async (request, effect) => {
      const { balance, wallet, to, maxFee, memo, travelRule, expiresInHours = DEFAULT_HOURS } = request.body;
      const ids = { withdrawal: effect.id('withdrawal'), intent: effect.id('intent') };
      const customer = customerOf(request.principal);
      const wish = {
        ...{ customer, balance, lifetimeMs: expiresInHours * HOUR_MS },
        to:
          to.kind === 'vault'
            ? { kind: to.kind, satoshis: to.satoshis, ...(to.wallet && { wallet: to.wallet }) }
            : to,
        ...(wallet === undefined ? {} : { wallet }),
        ...(maxFee === undefined ? {} : { maxFee }),
        ...(memo === undefined ? {} : { memo }),
        ...(travelRule === undefined ? {} : { travelRule }),
      };
      const by = requestActor(request);
      const about = { subject: ids.withdrawal, during: 'withdrawal.request' };
      return await withAlarm(parts, about, by, () =>
        effect.commit(async (tx) => {
          const { withdrawal } = await requestWithdrawal(parts, tx, ids, wish, by);
          return { status: 202, body: await viewWithdrawal(parts, tx, withdrawal) };
        }),
      );
    }),
    handleOnce(contract.signWithdrawal, async (request, effect) => {
      const { params, body, principal } = request;
      const by = requestActor(request);
      const about = { subject: params.withdrawalId, during: 'withdrawal.sign' };
      return await withAlarm(parts, about, by, () =>
        effect.commit(async (tx) => {
          const withdrawal = await visible(tx, params.withdrawalId, principal);
          await parts.queue.sign(tx, withdrawal.intentId, body, by);
          return { status: 202, body: await viewWithdrawal(parts, tx, withdrawal) };
        }),
      );
    }),
    handleOnce(contract.cancelWithdrawal, async (request, effect) => {
      return await effect.commit(async (tx) => {
        const withdrawal = await visible(tx, request.params.withdrawalId, request.principal);
        const by = requestActor(request);
        await parts.queue.cancel(tx, withdrawal.intentId, by, 'The customer has taken it back.');
        return { status: 202, body: await viewWithdrawal(parts, tx, withdrawal) };
      });
    }),
  ];
}

function readingRoutes(parts: RequestParts): BoundOperation[] {
  const { database, queue } = parts;
  return [
    handle(contract.getWithdrawal, async ({ params, principal }) => {
      const body = await inTransaction(database, async (tx) =>
        viewWithdrawal(parts, tx, await visible(tx, params.withdrawalId, principal)),
      );
      return { status: 200, body };
    }),
    handle(contract.getWithdrawalEvidence, async ({ params, query }) => {
      const body = await inTransaction(database, async (tx) =>
        withdrawalEvidence(tx, queue, await findWithdrawal(tx, params.withdrawalId), query.txid),
      );
      return { status: 200, body };
    }),
    handle(contract.listWithdrawals, async ({ query, principal, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      return await inTransaction(database, async (tx) => {
        const rows = await tx.withdrawal.findMany({
          where: {
            customerId: idToUuid(customerOf(principal)),
            ...(after === undefined ? {} : { id: { lt: idToUuid(parseId('withdrawal', after)) } }),
          },
          orderBy: { id: 'desc' },
          take: limit + 1,
        });
        const items = [];
        for (const row of rows.slice(0, limit))
          items.push(await viewWithdrawal(parts, tx, withdrawalOf(row)));
        const last = items.at(-1);
        const nextCursor = rows.length > limit && last !== undefined ? cursors.encode([last.id]) : null;
        return { status: 200, body: { items, nextCursor } };
      });
    }),
  ];
}

interface StaffRequest {
  readonly params: { readonly withdrawalId: WithdrawalId };
  readonly body: { readonly reason: string };
  readonly principal: Principal;
  readonly requestId: RequestId;
}

/** Compliance stops a withdrawal, or lets it go on. */
async function decideByStaff(
  parts: RequestParts,
  tx: DatabaseTransaction,
  request: StaffRequest,
  command: 'quarantine' | 'release',
) {
  const { params, body } = request;
  const { reason } = body;
  const withdrawal = await findWithdrawal(tx, params.withdrawalId);
  const { state: intent } = await findIntent(tx, withdrawal.intentId);
  const facts = { intent, signerAsked: false, revoked: false, abandoned: false, cooled: true };
  const change = command === 'quarantine' ? { quarantineReason: reason } : {};
  await moveWithdrawal(
    tx,
    withdrawal,
    { command, facts, by: requestActor(request), reason, change },
    parts.clock,
  );
  return await viewWithdrawal(parts, tx, await findWithdrawal(tx, withdrawal.id));
}

function staffsRoutes(parts: RequestParts): BoundOperation[] {
  return [
    handleOnce(contract.quarantineWithdrawal, (request, effect) =>
      effect.commit(async (tx) => ({
        status: 200,
        body: await decideByStaff(parts, tx, request, 'quarantine'),
      })),
    ),
    handleOnce(contract.releaseWithdrawal, (request, effect) =>
      effect.commit(async (tx) => ({
        status: 200,
        body: await decideByStaff(parts, tx, request, 'release'),
      })),
    ),
    handleOnce(contract.bumpWithdrawalFee, async (request, effect) => {
      const { params, body } = request;
      return await effect.commit(async (tx) => {
        await bumpFee(parts, tx, params.withdrawalId, body.feeRate, requestActor(request), body.by);
        return {
          status: 202,
          body: await viewWithdrawal(parts, tx, await findWithdrawal(tx, params.withdrawalId)),
        };
      });
    }),
  ];
}

function bundleRoutes(parts: RequestParts): BoundOperation[] {
  return [
    handle(listAwaitedBundles, async ({ principal }) => {
      const awaited = await awaitedBundles(parts, { owner: customerOf(principal) });
      return { status: 200, body: { items: awaited.map(({ txid, bundle }) => ({ txid, bundle })) } };
    }),
    handle(submitBundle, async (request) => {
      const owner = customerOf(request.principal);
      const { txid } = await importBundle(parts, request.body, requestActor(request), owner);
      return { status: 202, body: { txid } };
    }),
  ];
}

/** Withdrawals, for customers and for staff. */
export function withdrawalRoutes(parts: RequestParts): readonly BoundOperation[] {
  return [...customersRoutes(parts), ...readingRoutes(parts), ...staffsRoutes(parts), ...bundleRoutes(parts)];
}
