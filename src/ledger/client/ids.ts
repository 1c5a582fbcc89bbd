import { derivedId, idBytes, type Id, type IdKind } from '../../shared/index.ts';
import { idFromBytes, type LedgerId } from '../format/index.ts';

/** The ledger's number for one of our ids, e.g. of an account. */
export function ledgerId(id: Id<IdKind>): LedgerId {
  return idFromBytes(idBytes(id));
}

/**
 * The id of the transfer by which `entity` takes a step. Whoever repeats the step after a crash arrives at the
 * same id, and the ledger acts once. A rejection is remembered under the id for ever, so a new try for a new
 * reason (more money has come in) is a new `attempt`.
 */
export function stepTransferId(entity: Id<IdKind>, step: string, attempt = 1): LedgerId {
  return ledgerId(derivedId('transfer', entity, `${step}/${attempt}`));
}
