import { requestActor } from '../approvals/index.ts';
import { inTransaction } from '../database/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { parseId, satoshis } from '../shared/index.ts';
import type { Move } from './move.ts';
import { listMoves } from './move-store.ts';
import { holdingsOf, pinnedWallets } from './pinned-wallets.ts';
import { requestRefill } from './request-refill.ts';
import * as contract from './treasury-contract.ts';
import type { TreasuryParts } from './treasury-parts.ts';

function wire({ transaction, amount, intentId, ...move }: Move) {
  const { id, purpose, from, to, state, createdAt, hindrance, endReason } = move;
  return {
    ...{ id, purpose, from, to, state, createdAt, hindrance, endReason },
    ...{ satoshis: amount, intent: intentId },
    txid: transaction?.txid ?? null,
    feeSatoshis: transaction?.fee ?? null,
  };
}

/** The treasury over HTTP, for staff. */
export function treasuryRoutes(parts: TreasuryParts): readonly BoundOperation[] {
  return [
    handle(contract.getTreasury, async () => {
      const body = await inTransaction(parts.database, async (tx) => {
        const pinned = await pinnedWallets(parts, tx);
        const { hot, cold, assets, hotCap } = await holdingsOf(tx, pinned);
        return {
          ...{ hot: pinned.hot.id, cold: pinned.cold.id },
          ...{ hotSatoshis: hot, coldSatoshis: cold, assetsSatoshis: assets, hotCapSatoshis: hotCap },
        };
      });
      return { status: 200, body };
    }),
    handle(contract.listTreasuryMoves, async ({ query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const found = await listMoves(parts.database, {
        limit: limit + 1,
        after: after === undefined ? null : parseId('treasuryMove', after),
      });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const nextCursor = found.length > limit && last !== undefined ? cursors.encode([last.id]) : null;
      return { status: 200, body: { items: items.map(wire), nextCursor } };
    }),
    handleOnce(contract.requestTreasuryRefill, async (request, effect) => {
      const { satoshis: amount, maxFeeSatoshis, reason } = request.body;
      const asked = {
        ...{ id: effect.id('treasuryMove'), intent: effect.id('intent'), reason },
        requester: parseId('staff', request.principal.id),
        satoshis: satoshis(amount),
        maxFee: satoshis(maxFeeSatoshis),
      };
      return await effect.commit(async (tx) => {
        const { move, stored } = await requestRefill(parts, tx, asked, requestActor(request));
        return { status: 201, body: { move: wire(move), intent: stored.intent, hash: stored.hash } };
      });
    }),
  ];
}
