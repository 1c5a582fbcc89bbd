import { requestActor } from '../approvals/index.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { listStaff, type StaffMember } from '../identity/index.ts';
import { parseId } from '../shared/index.ts';
import { requestStaffChange, revokeStaff, type StaffChangeParts } from './staff-changes.ts';
import * as contract from './staff-contract.ts';

function wire({ number: _number, roles, ...member }: StaffMember) {
  return { ...member, roles: [...roles] };
}

/** Members of staff over HTTP. */
export function staffRoutes(parts: StaffChangeParts): readonly BoundOperation[] {
  return [
    handle(contract.listStaff, async ({ query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const from = after === undefined ? null : parseId('staff', after);
      const found = await listStaff(parts, limit + 1, from);
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const nextCursor = found.length > limit && last !== undefined ? cursors.encode([last.id]) : null;
      return { status: 200, body: { items: items.map(wire), nextCursor } };
    }),
    handleOnce(contract.requestStaffChange, async (request, effect) => {
      const { params, body, principal } = request;
      const asked = {
        ...{ intent: effect.id('intent'), staff: params.staffId, requester: parseId('staff', principal.id) },
        ...{ roles: body.roles, reason: body.reason },
      };
      return await effect.commit(async (tx) => {
        const { intent, hash } = await requestStaffChange(parts, tx, asked, requestActor(request));
        return { status: 201, body: { intent, hash } };
      });
    }),
    handleOnce(contract.revokeStaff, async (request, effect) => {
      const { params, body } = request;
      const { roles = null, reason } = body;
      const revocation = { staff: params.staffId, roles, reason };
      return await effect.commit(async (tx) => ({
        status: 200,
        body: wire(await revokeStaff(parts, tx, revocation, requestActor(request))),
      }));
    }),
  ];
}
