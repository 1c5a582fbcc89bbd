import { idBytes, type Id, type IdKind } from '../../shared/index.ts';
import { idFromBytes, type LedgerId } from '../format/index.ts';

/** The ledger's number for one of our ids, e.g. of an account. */
export function ledgerId(id: Id<IdKind>): LedgerId {
  return idFromBytes(idBytes(id));
}
