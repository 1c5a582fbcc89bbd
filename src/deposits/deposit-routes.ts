import type { Database } from '../database/index.ts';
import { requestActor } from '../approvals/index.ts';
import { handle, handleOnce, type BoundOperation, type ErrorMap } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { requireCustomer } from '../identity/index.ts';
import { isoTime, parseId, type Clock } from '../shared/index.ts';
import * as contract from './deposit-contract.ts';
import { readDeposit, readTipHeight } from './deposit-store.ts';
import { confirmationsOf, type Deposit } from './deposit.ts';
import { DepositError, type DepositErrorCode } from './errors.ts';
import { listDeposits } from './list-deposits.ts';
import { quarantineDeposit } from './quarantine-deposit.ts';

/** This context's part of the error map. */
export const depositErrorMap = {
  deposit_unknown: { status: 404, title: 'There is no such deposit' },
  deposit_damaged: { status: 500, title: 'The stored deposit is not what came in' },
  deposit_step_forbidden: { status: 409, title: 'The deposit cannot take this step' },
  chain_not_followed: { status: 409, title: 'The chain was never followed yet' },
  height_not_followed: { status: 422, title: 'The chain was not followed up to this height' },
  deposit_changed_meanwhile: { status: 409, title: 'The deposit was changed meanwhile' },
} as const satisfies ErrorMap<DepositErrorCode>;

export interface DepositRouteParts {
  readonly database: Database;
  /** The name of the follower whose position counts. */
  readonly follower: string;
  readonly clock: Clock;
}

function wire(deposit: Deposit, tip: number) {
  const { block, satoshis: amountSats } = deposit;
  const { id, state, balance, customerId, walletId, addressId, address, txid, vout } = deposit;
  const { quarantine, detectedAt, creditedAt } = deposit;
  return {
    ...{ id, state, balance, customerId, walletId, addressId, address, txid, vout, amountSats },
    ...{ quarantine, detectedAt, creditedAt },
    block: block === null ? null : { height: block.height, hash: block.hash },
    confirmations: confirmationsOf(deposit, tip),
    confirmationsNeeded: block === null ? null : block.creditHeight - block.height + 1,
  };
}

/** Deposits over HTTP. */
export function depositRoutes({ database, follower, clock }: DepositRouteParts): readonly BoundOperation[] {
  return [
    handle(contract.listDeposits, async ({ principal, query, cursors }) => {
      const isCustomer = principal.kind === 'customer';
      const [at, id] = query.after === undefined ? [] : cursors.decode(query.after);
      const after =
        at === undefined || id === undefined
          ? null
          : { detectedAt: new Date(at), id: parseId('deposit', id) };
      const { items, more } = await listDeposits(database, {
        customer: isCustomer ? requireCustomer(principal) : (query.customerId ?? null),
        walletId: query.walletId ?? null,
        state: query.state ?? null,
        limit: query.limit ?? DEFAULT_PAGE_LIMIT,
        after,
      });
      const tip = await readTipHeight(database, follower);
      const last = items.at(-1);
      const nextCursor =
        more && last !== undefined ? cursors.encode([isoTime(last.detectedAt.getTime()), last.id]) : null;
      return { status: 200, body: { items: items.map((deposit) => wire(deposit, tip)), nextCursor } };
    }),
    handle(contract.getDeposit, async ({ principal, params }) => {
      const deposit = await readDeposit(database, params.depositId);
      if (principal.kind === 'customer' && deposit.customerId !== requireCustomer(principal)) {
        throw new DepositError('deposit_unknown', 'There is no such deposit.');
      }
      return { status: 200, body: wire(deposit, await readTipHeight(database, follower)) };
    }),
    handleOnce(contract.quarantineDeposit, async (request, effect) => {
      const { params, body } = request;
      return await effect.commit(async (tx) => {
        const by = requestActor(request);
        const deposit = await quarantineDeposit(tx, clock, params.depositId, by, body.reason);
        return { status: 200, body: wire(deposit, await readTipHeight(tx, follower)) };
      });
    }),
  ];
}
