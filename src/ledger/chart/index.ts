export * from './errors.ts';
export { PURPOSES, limitsOf, type Book, type Owner, type PurposeName, type Side } from './purposes.ts';
export { EVENTS, type EventName } from './events.ts';
export type { AmountName, BusinessEvent, Form, Step } from './book-events.ts';
export { accountId, stepTransferId } from './ids.ts';
export { bookEvent, eventTransferId, openAccount, type Occurrence, type Parties } from './book-event.ts';
