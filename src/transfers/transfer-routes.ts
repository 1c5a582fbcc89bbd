import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { originOf, requireCustomer } from '../identity/index.ts';
import { completeTransfer, makeTransfer } from './make-transfer.ts';
import { getTransfer, listTransfers } from './read-transfers.ts';
import * as contract from './transfer-contract.ts';
import type { TransferParts } from './transfer-parts.ts';
import type { TransferView } from './transfer.ts';

function wire({ amount, ...view }: TransferView) {
  return { ...view, amountSats: amount };
}

export function transferRoutes(parts: TransferParts): readonly BoundOperation[] {
  return [
    handleOnce(contract.createTransfer, async (request, effect) => {
      const { recipient, amountSats, memo = null } = request.body;
      const sender = requireCustomer(request.principal);
      const transfer = { id: effect.id('transfer'), sender, recipient, amount: amountSats, memo };
      const { actor, strength, requestId } = originOf(request);
      const completedAt = await makeTransfer(parts, transfer, {
        actor,
        strength,
        ...(requestId === undefined ? {} : { requestId }),
      });
      return await effect.commit(async (tx) => {
        await completeTransfer(parts, tx, transfer);
        const { id, amount } = transfer;
        const body = wire({ id, direction: 'sent', counterparty: recipient, amount, memo, completedAt });
        return { status: 201, body, location: `/v1/transfers/${id}` };
      });
    }),
    handle(contract.getTransfer, async ({ principal, params }) => {
      const view = await getTransfer(parts, requireCustomer(principal), params.transferId);
      return { status: 200, body: wire(view) };
    }),
    handle(contract.listTransfers, async ({ principal, query, cursors }) => {
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const position = after === undefined ? null : Number(after);
      const { items, next } = await listTransfers(parts, requireCustomer(principal), limit, position);
      const nextCursor = next === null ? null : cursors.encode([String(next)]);
      return { status: 200, body: { items: items.map(wire), nextCursor } };
    }),
  ];
}
