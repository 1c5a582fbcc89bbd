import { requestActor } from '../approvals/index.ts';
import { handle, handleOnce, type BoundOperation, type ErrorMap, type Principal } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { requireCustomer } from '../identity/index.ts';
import { parseCustomerStatement } from '../intents/index.ts';
import { parseId, type CustomerId } from '../shared/index.ts';
import { FreezeError, type FreezeErrorCode } from './errors.ts';
import type { FreezeParts } from './freeze-parts.ts';
import { imposeRestriction } from './impose-restriction.ts';
import { lockOwnAccount } from './lock-own-account.ts';
import { requestRelease } from './request-release.ts';
import * as contract from './restriction-contract.ts';
import { findRestriction, listRestrictions, type Tables } from './restriction-store.ts';
import { requireCustomerExists, wire } from './restriction-wire.ts';
import type { RestrictedFunction } from './restriction-kinds-contract.ts';
import type { Restriction, RestrictionId } from './restriction.ts';
import { unlockRestriction } from './unlock-restriction.ts';

/** This context's part of the error map. */
export const freezeErrorMap = {
  account_restricted: { status: 403, title: 'The account is restricted' },
  customer_unknown: { status: 422, title: 'There is no such customer' },
  restriction_unknown: { status: 404, title: 'There is no such restriction' },
  restriction_step_forbidden: { status: 409, title: 'The restriction cannot take this step' },
  restriction_changed_meanwhile: { status: 409, title: 'The restriction was changed meanwhile' },
  breaker_tripped: { status: 403, title: 'The circuit breaker has tripped' },
  breaker_unknown: { status: 404, title: 'There is no such breaker' },
  evidence_unknown: { status: 404, title: 'There is no such file' },
  evidence_type_refused: { status: 422, title: 'The file is not of its type' },
  evidence_too_many: { status: 409, title: 'There are too many files already' },
  evidence_damaged: { status: 500, title: 'The file is not what was attached' },
  case_missing: { status: 409, title: 'No case of somebody else is in force' },
  bulk_too_large: { status: 422, title: 'Too many customers for one bulk freeze' },
  freeze_status_missing: { status: 404, title: 'The signer has not said yet what it refuses' },
  statement_unfit: { status: 422, title: 'The statement is for something else' },
  restriction_damaged: { status: 500, title: 'The stored restriction is not what was imposed' },
  restriction_not_acknowledged: { status: 503, title: 'The ledger has not taken the restriction' },
} as const satisfies ErrorMap<FreezeErrorCode>;

const OWN_LOCK = { reasonCode: 'customer_request', restrictedText: '', reviewAt: null } as const;

/** What each function's lock says to the customer. */
const FUNCTION_TEXTS = {
  withdraw: 'You locked withdrawals.',
  transfer: 'You locked payments to other customers.',
  new_address: 'You locked new addresses.',
  api: 'You locked your API keys.',
  settings: 'You locked your settings.',
} as const satisfies Record<RestrictedFunction, string>;

function ownerOf(principal: Principal): CustomerId | null {
  return principal.kind === 'customer' ? requireCustomer(principal) : null;
}

/** What the caller may see. @throws FreezeError `restriction_unknown`. */
async function visible(tables: Tables, id: RestrictionId, principal: Principal): Promise<Restriction> {
  const restriction = await findRestriction(tables, id);
  const owner = ownerOf(principal);
  if (owner === null || owner === restriction.customer) return restriction;
  throw new FreezeError('restriction_unknown', 'There is no such restriction.');
}

/** Restrictions over HTTP. */
export function restrictionRoutes(parts: FreezeParts): readonly BoundOperation[] {
  const { database, clock } = parts;
  return [
    handleOnce(contract.openCase, async (request, effect) => {
      const { customer, reasonCode, text: publicText, restrictedText, reviewAt } = request.body;
      const openedBy = parseId('staff', request.principal.id);
      const it = { id: effect.id('restriction'), kind: 'case', customer, openedBy } as const;
      return await effect.commit(async (tx) => {
        await requireCustomerExists(tx, customer);
        const texts = { reasonCode, publicText, restrictedText, reviewAt };
        const restriction = await imposeRestriction(tx, clock, { ...it, ...texts }, requestActor(request));
        return { status: 201, body: wire(restriction, request.principal) };
      });
    }),
    handleOnce(contract.lockAccount, async (request, effect) => {
      const customer = requireCustomer(request.principal);
      const id = effect.id('restriction');
      return await effect.commit(async (tx) => {
        const restriction = await lockOwnAccount(tx, clock, { id, customer }, requestActor(request));
        return { status: 201, body: wire(restriction, request.principal) };
      });
    }),
    handleOnce(contract.lockFunction, async (request, effect) => {
      const customer = requireCustomer(request.principal);
      const { function: locked } = request.body;
      const it = { ...OWN_LOCK, id: effect.id('restriction'), customer, openedBy: customer };
      const lock = { ...it, kind: `${locked}_lock`, publicText: FUNCTION_TEXTS[locked] } as const;
      return await effect.commit(async (tx) => {
        const restriction = await imposeRestriction(tx, clock, lock, requestActor(request));
        return { status: 201, body: wire(restriction, request.principal) };
      });
    }),
    handle(contract.listRestrictions, async ({ principal, query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const found = await listRestrictions(database, {
        customer: ownerOf(principal) ?? query.customerId ?? null,
        limit: limit + 1,
        after: after === undefined ? null : parseId('restriction', after),
      });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const nextCursor = found.length > limit && last !== undefined ? cursors.encode([last.id]) : null;
      return { status: 200, body: { items: items.map((it) => wire(it, principal)), nextCursor } };
    }),
    handle(contract.getRestriction, async ({ principal, params }) => {
      const restriction = await visible(database, params.restrictionId, principal);
      return { status: 200, body: wire(restriction, principal) };
    }),
    handleOnce(contract.unlockRestriction, async (request, effect) => {
      const { params, principal } = request;
      const statement = parseCustomerStatement(request.body);
      const unlocking = { restriction: params.restrictionId, statement };
      return await effect.commit(async (tx) => {
        await visible(tx, params.restrictionId, principal);
        const restriction = await unlockRestriction(tx, clock, unlocking, requestActor(request));
        return { status: 202, body: wire(restriction, principal) };
      });
    }),
    handleOnce(contract.requestRelease, async (request, effect) => {
      const { params, body, principal } = request;
      const asked = {
        intent: effect.id('intent'),
        restriction: params.restrictionId,
        requester: parseId('staff', principal.id),
        reason: body.reason,
      };
      return await effect.commit(async (tx) => {
        const { intent, hash } = await requestRelease(parts, tx, asked, requestActor(request));
        return { status: 201, body: { intent, hash } };
      });
    }),
  ];
}
