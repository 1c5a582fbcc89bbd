export { BITCOIN_ASSET } from './assets.ts';
export * from './errors.ts';
export { PURPOSES, type PurposeName } from './purposes.ts';
export { EVENTS, type EventName } from './events.ts';
export type { BusinessEvent, Step } from './book-events.ts';
export { accountId, stepTransferId } from './ids.ts';
export { bookEvent, eventTransferId, openAccount, type Occurrence, type Parties } from './book-event.ts';
