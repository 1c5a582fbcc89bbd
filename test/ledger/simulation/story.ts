import { LedgerClient } from '../../../src/ledger/client/index.ts';
import type { NodeRole } from '../../../src/ledger/server/node.ts';
import { LedgerNode } from '../../../src/ledger/server/node.ts';
import { takeCheckpoint } from '../../../src/ledger/recovery/take-checkpoint.ts';
import type { LedgerLogger } from '../../../src/ledger/logger.ts';
import { MemoryDatabase, MemoryStore, NO_FAULTS, type Faults } from './memory-store.ts';
import { Network } from './network.ts';
import { checkStory } from './check-story.ts';
import { Customer } from './customer.ts';
import { Host, World } from './world.ts';

const ADDRESSES = ['a', 'b'] as const;
const CLIENTS = 2;

export interface StoryReport {
  readonly batches: number;
  readonly epochs: number;
  readonly crashes: number;
  readonly answered: number;
  readonly resubmitted: number;
}

const SILENT: LedgerLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A machine that runs a ledger process; when the process dies, another one is started in its place. */
class Machine {
  host: Host;
  node: LedgerNode;
  readonly #story: Story;
  readonly #address: string;

  constructor(story: Story, address: string) {
    this.#story = story;
    this.#address = address;
    ({ host: this.host, node: this.node } = this.#boot());
  }

  #boot(): { host: Host; node: LedgerNode } {
    const { world, database, network, faults } = this.#story;
    const host = new Host(world, this.#address);
    const store = new MemoryStore(database, host, faults);
    const engineOptions = { idsPerGeneration: 1, accounts: 8, holds: 8 };
    const context = { store, checkpoints: store, partition: 0, engineOptions, logger: SILENT };
    const node = new LedgerNode(
      {
        partition: 0,
        engineOptions,
        holder: this.#address,
        pollMs: 60,
        beatMs: 250,
        staleAfterMs: 1_500,
        checkpointEveryRecords: world.random.pick([25, 1_000, 1_000]),
        maxQueuedRecords: 64,
        maxTailBytes: 4_000,
        maxConnections: 16,
        stalledAfterMs: 2_000,
      },
      {
        store,
        checkpoints: store,
        index: store,
        clock: host,
        scheduler: host,
        logger: SILENT,
        takeCheckpoint: () => takeCheckpoint(context),
      },
    );
    network.listen(this.#address, host, (stream) => node.server.accept(stream));
    node.run().catch((error: unknown) => (this.#story.failure ??= error));
    return { host, node };
  }

  get role(): NodeRole {
    return this.node.role;
  }

  crash(): void {
    this.host.crash();
    this.#story.crashes++;
    this.#story.world.after(this.#story.world.random.between(20, 1_500), () => {
      ({ host: this.host, node: this.node } = this.#boot());
    });
  }

  pause(): void {
    const { host } = this;
    host.pause();
    this.#story.world.after(this.#story.world.random.between(50, 4_000), () => host.resume());
  }
}

/**
 * Two ledger processes, two clients, one database and everything that can go wrong between them, for a while;
 * then all is well again, every call is answered, and the books are examined.
 */
export class Story {
  readonly world: World;
  readonly database: MemoryDatabase;
  readonly network = new Network();
  readonly faults: Faults = { ...NO_FAULTS };
  crashes = 0;
  failure: unknown;

  constructor(seed: number, database = new MemoryDatabase()) {
    this.world = new World(seed);
    this.database = database;
  }

  async tell(): Promise<StoryReport> {
    const { world } = this;
    const machines = ADDRESSES.map((address) => new Machine(this, address));
    const customers = Array.from({ length: CLIENTS }, (_, n) => this.#customer(n));
    let over = 0;
    for (const customer of customers) {
      customer.live().then(
        () => over++,
        (error: unknown) => (this.failure ??= error),
      );
    }
    this.#makeTrouble(machines);
    const chaosEndsMs = world.random.between(800, 4_000);
    world.after(chaosEndsMs, () => this.#makePeace(machines));
    await world.run(() => over === CLIENTS || this.failure !== undefined, 240_000);
    if (this.failure !== undefined) throw new Error('a process or a client failed', { cause: this.failure });
    const { batches, lease } = this.database;
    checkStory(this.database, customers);
    return {
      batches: batches.length,
      epochs: lease.epoch,
      crashes: this.crashes,
      answered: customers.reduce((sum, customer) => sum + customer.answered.length, 0),
      resubmitted: customers.reduce((sum, customer) => sum + customer.resubmitted, 0),
    };
  }

  #customer(n: number): Customer {
    const host = new Host(this.world, `client ${n}`);
    const client = new LedgerClient(
      { addresses: [], requestTimeoutMs: 700 },
      {
        scheduler: host,
        connect: (attempt) => this.network.connect(ADDRESSES[(attempt + n) % 2]!, host),
      },
    );
    return new Customer(n, host, client);
  }

  #makeTrouble(machines: readonly Machine[]): void {
    const { random } = this.world;
    const level = random.pick([0, 0.02, 0.1]);
    this.faults.requestLost = random.chance(0.5) ? level : 0;
    this.faults.answerLost = random.chance(0.7) ? level : 0;
    this.faults.landsLate = random.chance(0.7) ? level : 0;
    this.faults.sessionTorn = random.chance(0.3) ? 0.5 : 0;
    this.network.faults.torn = random.chance(0.5) ? 0.01 : 0;
    const kinds = ['crash', 'pause', 'clock', 'crashLeader', 'pauseLeader'] as const;
    const strike = (): void => {
      if (this.#peace) return;
      const leader = machines.find(({ role, host }) => role === 'leader' && host.alive);
      const victim = random.pick(machines);
      const kind = random.pick(kinds);
      if (kind === 'clock') victim.host.jumpClock(random.between(-3_000, 3_000));
      else if (kind === 'crash' && victim.host.alive) victim.crash();
      else if (kind === 'pause') victim.pause();
      else if (kind === 'crashLeader') leader?.crash();
      else leader?.pause();
      this.world.after(random.between(50, 1_200), strike);
    };
    this.world.after(random.between(50, 800), strike);
  }

  #peace = false;

  #makePeace(machines: readonly Machine[]): void {
    this.#peace = true;
    Object.assign(this.faults, NO_FAULTS);
    this.network.faults.torn = 0;
    for (const { host } of machines) host.resume();
  }
}
