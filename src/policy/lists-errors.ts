import type { ErrorEntry } from '../http/index.ts';
import { DomainError } from '../shared/index.ts';

export type ListErrorCode =
  | 'destination_invalid'
  | 'destination_known'
  | 'destination_unknown'
  | 'listing_invalid'
  | 'screening_hit_unknown'
  | 'screening_hit_settled'
  | 'sanctions_file_malformed'
  | 'sanctions_file_too_large'
  | 'sanctions_file_outdated'
  | 'sanctions_file_shrunk';

/** Why a destination, or an entry of a list, is refused. */
export class ListError extends DomainError<ListErrorCode> {}

/** How refusals about lists look over HTTP. */
export const listErrorMap = {
  destination_invalid: { status: 422, title: 'This is no address' },
  destination_known: { status: 409, title: 'The address book has this already' },
  destination_unknown: { status: 404, title: 'The address book has no such entry' },
  listing_invalid: { status: 422, title: 'This cannot be listed' },
  screening_hit_unknown: { status: 404, title: 'There is no such hit' },
  screening_hit_settled: { status: 409, title: 'The hit was settled already' },
  sanctions_file_malformed: { status: 422, title: 'The list cannot be read' },
  sanctions_file_too_large: { status: 422, title: 'The list is too large' },
  sanctions_file_outdated: { status: 409, title: 'A newer list was imported already' },
  sanctions_file_shrunk: { status: 409, title: 'The list has lost too much' },
} as const satisfies Readonly<Record<ListErrorCode, ErrorEntry>>;
