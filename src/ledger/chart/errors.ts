import { DomainError } from '../../shared/index.ts';

/** What keeps an event from being booked at all: the caller left something out. */
export type LedgerChartErrorCode = 'chart_owner_missing' | 'chart_amount_missing';

export class LedgerChartError extends DomainError<LedgerChartErrorCode> {}
