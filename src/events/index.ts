export { appendEvent, type NewEvent } from './append-event.ts';
export { EventError, type EventErrorCode } from './errors.ts';
export { type EventType } from './event-contract.ts';
export { eventRoutes } from './event-routes.ts';
export { EVENT_STREAM, readEvents, type PublishedEvent } from './event-stream.ts';
