import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../../src/database/index.ts';
import type { SeededRandom } from '../support/random.ts';

/** Waits for the actor's turn. */
export type Gate = () => Promise<void>;

/** Who has not come to a gate by then is in the database, waiting for a lock that another actor holds. */
const BUSY_MS = 15;

interface Actor {
  readonly name: string;
  /** Set while it waits for its turn. */
  proceed: (() => void) | undefined;
  done: boolean;
}

/** What became of an actor. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * Runs actors beside each other, one statement at a time, in an order that a seed decides. An actor that is blocked
 * by another's lock does not keep the others: then it goes on when the lock is free, as in production.
 */
export class Interleaving {
  /** Who was let through, in order: two runs with the same trace were the same race. */
  readonly trace: string[] = [];
  readonly #random: SeededRandom;
  readonly #actors: Actor[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async run<Name extends string>(
    actors: Readonly<Record<Name, (gate: Gate) => Promise<unknown>>>,
  ): Promise<Record<Name, Outcome>> {
    const outcomes: Partial<Record<Name, Outcome>> = {};
    const running = (Object.keys(actors) as Name[]).map(async (name) => {
      const actor: Actor = { name, proceed: undefined, done: false };
      this.#actors.push(actor);
      const gate = (): Promise<void> => new Promise((resolve) => (actor.proceed = resolve));
      try {
        await gate();
        outcomes[name] = { value: await actors[name](gate) };
      } catch (error) {
        outcomes[name] = { error };
      } finally {
        actor.done = true;
      }
    });
    await this.#schedule();
    await Promise.all(running);
    return outcomes as Record<Name, Outcome>;
  }

  async #schedule(): Promise<void> {
    for (;;) {
      const living = this.#actors.filter(({ done }) => !done);
      if (living.length === 0) break;
      const since = performance.now();
      while (living.some(({ proceed, done }) => proceed === undefined && !done)) {
        const isLate = performance.now() - since > BUSY_MS;
        if (isLate && living.some(({ proceed }) => proceed !== undefined)) break;
        await sleep(1);
      }
      const waiting = living.filter(({ proceed }) => proceed !== undefined);
      if (waiting.length === 0) continue;
      const next = this.#random.pick(waiting);
      this.trace.push(next.name);
      const { proceed } = next;
      next.proceed = undefined;
      proceed?.();
    }
    this.#actors.length = 0;
  }
}

/** A database whose every statement waits for the actor's turn. */
export function gatedDatabase(database: Database, gate: Gate): Database {
  const gated = database.$extends({
    query: {
      async $allOperations({ args, query }) {
        await gate();
        return (await query(args)) as unknown;
      },
    },
  });
  // The same client with the same methods; only its type names the extension.
  return gated as unknown as Database;
}

/** An object some of whose methods wait for the actor's turn. */
export function gatedCalls<T extends object>(target: T, gate: Gate): T {
  return new Proxy(target, {
    get(held, name) {
      const value: unknown = Reflect.get(held, name, held);
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]): Promise<unknown> => {
        await gate();
        return (await Reflect.apply(value, held, given)) as unknown;
      };
    },
  });
}

/** The code of a refusal, or `done`. */
export function saidOf(outcome: Outcome): string {
  if ('value' in outcome) return 'done';
  const { error } = outcome;
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : String(error);
}
