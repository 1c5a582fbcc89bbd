import {
  ChainFollower,
  connectNode,
  PrismaFollowerStore,
  startRegtestNode,
  WatchList,
  type ChainNode,
  type ChainStep,
  type FollowerOptions,
  type RegtestNode,
} from '../../../src/chain/index.ts';
import type { Database, DatabaseTransaction } from '../../../src/database/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface TestNode extends RegtestNode {
  readonly node: ChainNode;
}

/** A node with a directory of its own, and a client for it: the bitcoind that BITCOIND_BIN names, else an embedded one. */
export async function startTestNode(): Promise<TestNode> {
  const directory = temporaryDirectory();
  const binary = process.env['BITCOIND_BIN'];
  const running = await startRegtestNode({
    dataDirectory: directory.path,
    rpcPort: 0,
    ...(binary === undefined ? {} : { bitcoindBinary: binary }),
  });
  const node = connectNode({ url: running.url, credentials: running.credentials });
  return {
    ...running,
    node,
    stop: async () => {
      node.close();
      await running.stop();
      directory.remove();
    },
  };
}

/** A script that is watched: P2WSH of 32 bytes that begin with the number. */
export function numberedScript(number: number): Uint8Array {
  const script = Buffer.alloc(34, 7);
  script.writeUInt16BE(0x0020, 0);
  script.writeUInt32BE(number, 2);
  return script;
}

/** Watches exactly these scripts. */
export function watching(...scripts: readonly Uint8Array[]): WatchList {
  const exact = new Set(scripts.map((script) => Buffer.from(script).toString('hex')));
  const watch = new WatchList((candidates) =>
    Promise.resolve(candidates.map((script) => exact.has(Buffer.from(script).toString('hex')))),
  );
  for (const script of scripts) watch.addScript(script);
  return watch;
}

/** A follower that writes down what it is told. */
export function recordingFollower(
  database: Database,
  options: Pick<FollowerOptions<DatabaseTransaction>, 'node' | 'name'> &
    Partial<FollowerOptions<DatabaseTransaction>>,
): { follower: ChainFollower<DatabaseTransaction>; steps: ChainStep[] } {
  const steps: ChainStep[] = [];
  const follower = new ChainFollower<DatabaseTransaction>({
    network: 'regtest',
    store: new PrismaFollowerStore(database),
    watch: watching(),
    clock: systemClock,
    handle: (step) => {
      steps.push(step);
      return Promise.resolve();
    },
    ...options,
  });
  return { follower, steps };
}

/** Every step begins where the one before ended. */
export function isGapFree(steps: readonly ChainStep[]): boolean {
  return steps.every((step, at) => at === 0 || step.from.hash === steps[at - 1]?.to.hash);
}
