import { DomainError } from '../shared/index.ts';

/** Closed: everything that the durable part of the ledger refuses or gives up over. */
export type LedgerErrorCode =
  /** The log has a hole, a wrong hash or a record that replays to another result; details name the place. */
  | 'ledger_log_broken'
  /** The database would acknowledge a commit before it is durable. */
  | 'ledger_durability_off'
  /** The database could not be reached or answered with an error. */
  | 'ledger_store_unavailable'
  /** This process is not, or no longer, the leader. */
  | 'ledger_not_leader'
  /** The queue is full; the same request may succeed a moment later. */
  | 'ledger_overloaded'
  /** The peer broke the socket protocol; details say how. */
  | 'ledger_protocol_broken'
  /** No ledger answered in time; whether the commands took effect is unknown until they are resubmitted. */
  | 'ledger_unreachable'
  /** The client was closed with requests outstanding. */
  | 'ledger_client_closed'
  /** A request that can never be valid: empty, too large, an open chain. */
  | 'ledger_request_invalid';

export class LedgerError extends DomainError<LedgerErrorCode> {}
