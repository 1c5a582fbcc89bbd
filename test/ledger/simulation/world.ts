import type { Clock } from '../../../src/shared/index.ts';
import type { Scheduler } from '../../../src/ledger/scheduler.ts';

/** A small fast generator (xorshift32 over a mixed seed): the same seed gives the same world. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** 0 ≤ x < 1. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 4294967296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Virtual time: events in the order of their time, each run to the end of every promise it wakes. */
export class World implements Clock {
  readonly random: SeededRandom;
  #nowMs = 1_800_000_000_000;
  #order = 0;
  readonly #heap: Event[] = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): void {
    const event = { atMs: this.#nowMs + delayMs, order: this.#order++, run };
    const heap = this.#heap;
    heap.push(event);
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!before(heap[child]!, heap[parent]!)) break;
      [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
      child = parent;
    }
  }

  /** Runs until `done` says so. Throws when nothing is left to happen or the time is up. */
  async run(done: () => boolean, limitMs: number): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    while (!done()) {
      const event = this.#next();
      if (event === undefined) throw new Error('the world came to rest before the story ended');
      if (event.atMs > endMs) throw new Error(`the story did not end within ${limitMs} virtual ms`);
      this.#nowMs = event.atMs;
      event.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #next(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    let parent = 0;
    for (;;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      }
      if (least === parent) return first;
      [heap[parent], heap[least]] = [heap[least]!, heap[parent]!];
      parent = least;
    }
  }
}

function before(left: Event, right: Event): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}

/**
 * One machine of the world. What is to happen on it happens later while it is paused, and never once it has
 * crashed: a process that starts anew is another Host.
 */
export class Host implements Scheduler, Clock {
  readonly world: World;
  readonly name: string;
  alive = true;
  #clockErrorMs: number;
  readonly #onCrash: (() => void)[] = [];
  #waiting: (() => void)[] | undefined;
  #paused = false;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    // Machines disagree about the time of day; nothing may depend on it.
    this.#clockErrorMs = world.random.between(-2_000, 2_000);
  }

  nowMs(): number {
    return this.world.nowMs() + this.#clockErrorMs;
  }

  jumpClock(byMs: number): void {
    this.#clockErrorMs += byMs;
  }

  monotonicMs(): number {
    return this.world.nowMs();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.deliver(ms, resolve));
  }

  /** Something reaches this machine after a while. */
  deliver(delayMs: number, run: () => void): void {
    this.world.after(delayMs, () => this.#now(run));
  }

  #now(run: () => void): void {
    if (!this.alive) return;
    if (this.#waiting === undefined) run();
    else this.#waiting.push(run);
  }

  pause(): void {
    this.#paused = true;
    this.#waiting ??= [];
  }

  /** What waited happens in its old order, before anything new. */
  resume(): void {
    this.#paused = false;
    this.world.after(0, () => this.#catchUp());
  }

  #catchUp(): void {
    if (this.#paused || !this.alive) return;
    const next = this.#waiting?.shift();
    if (next === undefined) {
      this.#waiting = undefined;
      return;
    }
    next();
    this.world.after(0, () => this.#catchUp());
  }

  onCrash(run: () => void): void {
    this.#onCrash.push(run);
  }

  crash(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const run of this.#onCrash) run();
  }
}
