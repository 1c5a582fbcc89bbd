import { idBytes, type Id, type IdKind } from '../../shared/index.ts';
import {
  AMOUNT_ALL,
  idFromBytes,
  type AccountCommand,
  type LedgerId,
  type TransferCommand,
} from '../format/index.ts';
import { LedgerChartError } from './errors.ts';
import type { AmountName, BusinessEvent, Step } from './book-events.ts';
import { EVENTS, type EventName } from './events.ts';
import { accountId, stepTransferId } from './ids.ts';
import { limitsOf, PURPOSES, type Owner, type PurposeName } from './purposes.ts';

/** Whose accounts an event touches; only those that its postings name are needed. */
export interface Parties {
  readonly vaultWallet?: Id<IdKind>;
  readonly customer?: Id<IdKind>;
  readonly treasuryWallet?: Id<IdKind>;
  /** The second party: the payee of an instant transfer, the wallet that a treasury move pays. */
  readonly other?: Id<IdKind>;
}

export interface Occurrence {
  readonly event: EventName;
  /** The deposit, withdrawal, transfer … that this happens to; its id is the user data of every transfer. */
  readonly entity: Id<IdKind>;
  /** 1 for the first try; for a deposit the inclusion cycle. A post or void names the attempt of its hold. */
  readonly attempt?: number;
  readonly asset: number;
  readonly parties: Parties;
  /** In the asset's smallest unit; a missing one counts as zero, and steps of zero are left out. */
  readonly amounts?: { readonly [Name in AmountName]?: bigint };
}

function ownerOf(owner: Owner, parties: Parties, isOther: boolean): Id<IdKind> | undefined {
  if (owner === 'institution') return undefined;
  const id = isOther ? parties.other : parties[owner];
  if (id === undefined) {
    throw new LedgerChartError('chart_owner_missing', 'A ledger event lacks one of its parties.', {
      details: { owner: isOther ? 'other' : owner },
    });
  }
  return id;
}

/** The transfer id of one step of an event, as `bookEvent` makes it. */
export function eventTransferId(event: EventName, step: string, entity: Id<IdKind>, attempt = 1): LedgerId {
  return stepTransferId(entity, `${event}.${step}`, attempt);
}

function amountOf(step: Step, occurrence: Occurrence): bigint | undefined {
  return step.amount === undefined ? undefined : (occurrence.amounts?.[step.amount] ?? 0n);
}

function bookStep(
  step: Step,
  event: BusinessEvent,
  occurrence: Occurrence,
  isLast: boolean,
): TransferCommand {
  const { entity, attempt = 1, asset, parties } = occurrence;
  const id = eventTransferId(occurrence.event, step.name, entity, attempt);
  const linked = !isLast;
  const common = { kind: 'transfer', id, userData128: idFromBytes(idBytes(entity)) } as const;
  if (step.form === 'post' || step.form === 'void') {
    const pendingId = eventTransferId(step.of as EventName, step.name, entity, attempt);
    const hold = { pendingId, ...(step.form === 'post' ? { amount: AMOUNT_ALL } : {}) };
    return { ...common, ...hold, flags: { linked, [step.form]: true } };
  }
  const account = (purpose: PurposeName, isOther: boolean): LedgerId =>
    accountId(purpose, asset, ownerOf(PURPOSES[purpose].owner, parties, isOther));
  const isCollection = step.form === 'collect';
  return {
    ...common,
    debitAccountId: account(step.debit, step.debitOfOther === true),
    creditAccountId: account(step.credit, step.creditOfOther === true),
    amount: amountOf(step, occurrence) ?? 0n,
    asset,
    code: event.code,
    flags: {
      linked,
      pending: step.form === 'hold',
      balancingDebit: isCollection,
      balancingCredit: isCollection,
    },
  };
}

/**
 * The transfers of one business event, in order, as one linked chain, for one request to the ledger. Booking the
 * same occurrence again is harmless.
 * @throws LedgerChartError `chart_owner_missing`; `chart_amount_missing` when no step would be left.
 */
export function bookEvent(occurrence: Occurrence): TransferCommand[] {
  const event: BusinessEvent = EVENTS[occurrence.event];
  const steps = event.steps.filter((step) => amountOf(step, occurrence) !== 0n);
  if (steps.length === 0) {
    throw new LedgerChartError('chart_amount_missing', 'A ledger event has no amount.', {
      details: { event: occurrence.event },
    });
  }
  return steps.map((step, index) => bookStep(step, event, occurrence, index === steps.length - 1));
}

/** The command that opens an account; opening it again is harmless. @throws LedgerChartError `chart_owner_missing`. */
export function openAccount(purpose: PurposeName, asset: number, parties: Parties): AccountCommand {
  const owner = ownerOf(PURPOSES[purpose].owner, parties, false);
  return {
    kind: 'account',
    id: accountId(purpose, asset, owner),
    asset,
    code: PURPOSES[purpose].code,
    accountFlags: limitsOf(purpose),
    ...(owner === undefined ? {} : { userData128: idFromBytes(idBytes(owner)) }),
  };
}
