import { inTransaction } from '../database/index.ts';
import { isDomainError } from '../shared/index.ts';
import { REFUSALS } from './errors.ts';
import { completeTransfer, settleTransfer } from './make-transfer.ts';
import type { TransferParts } from './transfer-parts.ts';
import { unfinishedTransfers } from './transfer-store.ts';
import type { Transfer, TransferId } from './transfer.ts';

/** An answer takes milliseconds; who has not finished by then was killed, or the ledger was away. */
const GRACE_MS = 30_000;
const BATCH = 100;

async function finish(parts: TransferParts, transfer: Transfer): Promise<void> {
  try {
    await settleTransfer(parts, transfer);
  } catch (thrown) {
    const isRefusal = isDomainError(thrown) && (REFUSALS as readonly string[]).includes(thrown.code);
    if (isRefusal) return;
    throw thrown;
  }
  await inTransaction(parts.database, (tx) => completeTransfer(parts, tx, transfer));
}

/**
 * Finishes what a crash left between the application's database and the ledger: books what was stored and not
 * booked, and tells of what was booked and not told. Returns how many were finished. Any number of processes may
 * do this beside each other and beside the requests themselves, since every step happens once. One that fails
 * keeps none of the others; the first failure is thrown in the end.
 * @param graceMs How long a transfer is left to the request that made it.
 */
export async function stepTransfers(parts: TransferParts, graceMs = GRACE_MS): Promise<number> {
  const before = new Date(parts.clock.nowMs() - graceMs);
  const failures: unknown[] = [];
  let finished = 0;
  let after: TransferId | null = null;
  for (;;) {
    const transfers: readonly Transfer[] = await unfinishedTransfers(parts.database, before, after, BATCH);
    for (const transfer of transfers) {
      try {
        await finish(parts, transfer);
        finished += 1;
      } catch (error) {
        failures.push(error);
      }
    }
    after = transfers.at(-1)?.id ?? null;
    if (transfers.length < BATCH) break;
  }
  if (failures.length > 0) throw failures[0];
  return finished;
}
