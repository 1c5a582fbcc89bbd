import type { DatabaseTransaction } from '../database/index.ts';
import type { CustomerId } from '../shared/index.ts';
import type { Tables } from './restriction-store.ts';

/**
 * Who looks whether a customer is restricted, and acts on it in the same transaction: a request of the API, which is
 * over in a moment, or a step of the worker, which may wait for the signer. Each is a class of locks in PostgreSQL
 * (one 64-bit key for each customer and class), held until the transaction ends.
 */
const CLASSES = { request: 0x66_7a_01, step: 0x66_7a_02 } as const;
type InFlight = keyof typeof CLASSES;
/** What concerns all customers at once. */
export const EVERYONE = 'everyone';
type Whose = CustomerId | typeof EVERYONE;

/** Whoever asks afterwards with {@link awaitRequests} or {@link isQuiet} sees this transaction until it ends. */
export async function enter(tables: Tables, customer: CustomerId, by: InFlight): Promise<void> {
  await tables.$executeRaw`
    SELECT pg_advisory_xact_lock_shared(hashtextextended(${EVERYONE}, ${CLASSES[by]}::bigint)),
           pg_advisory_xact_lock_shared(hashtextextended(${customer}, ${CLASSES[by]}::bigint))`;
}

/**
 * Waits until the requests that found the customer unrestricted have ended, and keeps new ones waiting until this
 * transaction ends: those that begin afterwards see what it has written.
 */
export async function awaitRequests(tx: DatabaseTransaction, customer: Whose): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${customer}, ${CLASSES.request}::bigint))`;
}

/** Whether every step that found the customer unrestricted has ended; never waits. */
export async function isQuiet(tx: DatabaseTransaction, customer: Whose): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ quiet: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(hashtextextended(${customer}, ${CLASSES.step}::bigint)) AS quiet`;
  return row?.quiet === true;
}
