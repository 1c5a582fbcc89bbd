import { createHash } from 'node:crypto';
import { derivedId, idBytes, type Id, type IdKind } from '../../shared/index.ts';
import { idFromBytes, type LedgerId } from '../format/index.ts';
import { PURPOSES, type PurposeName } from './purposes.ts';

/**
 * The account of one purpose, asset and owner: the first 16 bytes of a SHA-256 over their names, so that nobody
 * needs to store which account is whose. The institution's own accounts have no owner.
 */
export function accountId(purpose: PurposeName, asset: number, owner: Id<IdKind> | undefined): LedgerId {
  const { code } = PURPOSES[purpose];
  const name = ['trilock/ledger-account', code, asset, owner ?? ''].join('\0');
  return idFromBytes(createHash('sha256').update(name).digest().subarray(0, 16));
}

/**
 * The id of the transfer by which `entity` takes a step: the entity's time and a hash of entity, step and attempt,
 * as a UUIDv7. Whoever repeats the step after a crash arrives at the same id, and the ledger acts once. A rejection
 * is remembered for ever, so a new try is a new attempt; for a deposit the attempt is the inclusion cycle.
 */
export function stepTransferId(entity: Id<IdKind>, step: string, attempt = 1): LedgerId {
  return idFromBytes(idBytes(derivedId('transfer', entity, `${step}/${attempt}`)));
}
