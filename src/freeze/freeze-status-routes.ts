import type { Database } from '../database/index.ts';
import { handle, type BoundOperation } from '../http/index.ts';
import { getFreezeStatus } from './freeze-status-contract.ts';
import { readFreezeStatus } from './freeze-status.ts';

/** The signer's word for stations, over HTTP. */
export function freezeStatusRoutes({ database }: { readonly database: Database }): readonly BoundOperation[] {
  return [handle(getFreezeStatus, async () => ({ status: 200, body: await readFreezeStatus(database) }))];
}
