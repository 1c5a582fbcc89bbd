/** Chance that can be repeated: the same seed gives the same numbers (mulberry32). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** From 0 to `count` − 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  pick<T>(of: readonly T[]): T {
    const picked = of[this.below(of.length)];
    if (picked === undefined) throw new RangeError('there is nothing to pick');
    return picked;
  }
}

/** The seed to use: the one asked for, to replay, or a fresh one. It is printed, so that a failure can be replayed. */
export function seedOf(what: string, variable: string): number {
  const asked = process.env[variable];
  const seed = asked === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(asked);
  process.stdout.write(`${what}: seed ${seed} (replay with ${variable}=${seed})\n`);
  return seed;
}
