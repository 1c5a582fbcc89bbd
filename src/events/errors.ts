import { DomainError } from '../shared/index.ts';

export type EventErrorCode = 'event_too_large' | 'event_invalid' | 'events_damaged';

export class EventError extends DomainError<EventErrorCode> {}
