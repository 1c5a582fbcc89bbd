import { createHash, randomBytes } from 'node:crypto';
import { chainsOfNetwork, merkleRoot, parseBlockHeader, type BlockHeader } from '../../src/bitcoin/index.ts';
import {
  ChainFollower,
  WatchList,
  type ChainNode,
  type FollowerRecord,
  type FollowerStore,
} from '../../src/chain/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import type { Bench } from './run.ts';

// Blocks as full as mainnet's (2,500 transactions of two inputs and two outputs) are followed from memory, so that
// the figure is the follower's own work: hashing, Merkle roots, looking up every script and outpoint.

const BLOCKS = 40;
const TRANSACTIONS = 2500;
const FEW = 1000;
const MANY = 1_000_000;
const GENESIS = Buffer.from(
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000',
  'hex',
);

function hash256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
}

/** P2WSH outputs and 2-of-3 witnesses of the usual size, random. */
function transaction(coinbase: boolean): { stripped: Buffer; full: Buffer } {
  const input = (): Buffer =>
    coinbase
      ? Buffer.concat([
          Buffer.alloc(32),
          Buffer.alloc(4, 0xff),
          Buffer.of(4),
          randomBytes(4),
          Buffer.alloc(4, 0xff),
        ])
      : Buffer.concat([randomBytes(32), Buffer.alloc(4), Buffer.of(0), Buffer.alloc(4, 0xfd)]);
  const inputs = coinbase ? [input()] : [input(), input()];
  const output = (): Buffer => Buffer.concat([Buffer.of(1, 2, 3, 0, 0, 0, 0, 0, 34, 0, 32), randomBytes(32)]);
  const body = Buffer.concat([Buffer.of(inputs.length), ...inputs, Buffer.of(2), output(), output()]);
  const witness = Buffer.concat([
    Buffer.of(4, 0, 72),
    randomBytes(72),
    Buffer.of(71),
    randomBytes(71),
    Buffer.of(105),
    randomBytes(105),
  ]);
  const version = Buffer.of(2, 0, 0, 0);
  const lockTime = Buffer.alloc(4);
  return {
    stripped: Buffer.concat([version, body, lockTime]),
    full: Buffer.concat([version, Buffer.of(0, 1), body, ...inputs.map(() => witness), lockTime]),
  };
}

function mine(previous: BlockHeader): { header: BlockHeader; bytes: Uint8Array } {
  const transactions = Array.from({ length: TRANSACTIONS }, (_, at) => transaction(at === 0));
  const txids = Buffer.concat(transactions.map(({ stripped }) => hash256(stripped)));
  const head = Buffer.alloc(80);
  head.writeUInt32LE(0x2000_0000, 0);
  Buffer.from(previous.hash, 'hex').reverse().copy(head, 4);
  Buffer.from(merkleRoot(txids, hash256).root, 'hex').reverse().copy(head, 36);
  head.writeUInt32LE(previous.time + 600, 68);
  head.writeUInt32LE(previous.bits, 72);
  while ((hash256(head)[31] ?? 0xff) >= 0x7f) head.writeUInt32LE(head.readUInt32LE(76) + 1, 76);
  const count = Buffer.of(0xfd, TRANSACTIONS & 0xff, TRANSACTIONS >> 8);
  const bytes = Uint8Array.from(Buffer.concat([head, count, ...transactions.map(({ full }) => full)]));
  return { header: parseBlockHeader(bytes, hash256), bytes };
}

/** A node that has just these blocks, in memory. */
function memoryNode(headers: readonly BlockHeader[], blocks: ReadonlyMap<string, Uint8Array>): ChainNode {
  const tip = { height: headers.length - 1, hash: headers.at(-1)?.hash ?? '' };
  const hashAt = (height: number): string => headers[height]?.hash ?? '';
  const [regtest] = chainsOfNetwork('regtest');
  const known: Pick<ChainNode, 'tip' | 'blockHash' | 'headers' | 'block'> = {
    tip: () => Promise.resolve(tip),
    blockHash: (height) => Promise.resolve(hashAt(height)),
    headers: (from, count) => Promise.resolve(headers.slice(from, from + count)),
    block: (hash) => Promise.resolve(blocks.get(hash) ?? new Uint8Array()),
  };
  return Object.assign(known as ChainNode, { status: () => Promise.resolve({ tip, chain: regtest }) });
}

function watchListOf(scripts: number): WatchList {
  const watch = new WatchList((candidates) => Promise.resolve(candidates.map(() => false)));
  const script = Buffer.alloc(34);
  script[1] = 32;
  for (let i = 0; i < scripts; i++) {
    script.writeUInt32LE(i, 2);
    createHash('sha256').update(script.subarray(2, 6)).digest().copy(script, 2);
    watch.addScript(script);
    watch.addOutpoint({ txid: script.toString('hex', 2), vout: 0 });
  }
  return watch;
}

export default function follower(): Bench {
  const genesis = parseBlockHeader(GENESIS, hash256);
  const headers = [genesis];
  const blocks = new Map<string, Uint8Array>();
  let previous = genesis;
  for (let i = 0; i < BLOCKS; i++) {
    const { header, bytes } = mine(previous);
    headers.push(header);
    blocks.set(header.hash, bytes);
    previous = header;
  }
  const node = memoryNode(headers, blocks);
  const run = (watch: WatchList) => async (): Promise<number> => {
    const record: FollowerRecord = {
      position: { height: 0, hash: genesis.hash },
      recent: [{ height: 0, header: GENESIS }],
    };
    const store: FollowerStore<undefined> = {
      load: () => Promise.resolve(record),
      commit: (_name, _change, handle) => handle(undefined),
    };
    const handle = (): Promise<void> => Promise.resolve();
    const { steps } = await new ChainFollower({
      name: 'bench',
      network: 'regtest',
      node,
      store,
      watch,
      handle,
      clock: systemClock,
    }).poll();
    if (steps !== BLOCKS) throw new Error(`followed ${steps} of ${BLOCKS} blocks`);
    return steps;
  };
  const few = watchListOf(FEW);
  const many = watchListOf(MANY);
  process.stdout.write(
    `  ${MANY} scripts and as many outpoints take ${(many.memoryBytes / 2 ** 20).toFixed(0)} MiB; blocks of ${((blocks.get(previous.hash)?.length ?? 0) / 2 ** 20).toFixed(2)} MiB\n`,
  );
  return {
    comparisons: [
      {
        name: 'following',
        unit: 'blocks',
        baseline: { name: 'with 1,000 watched scripts', run: run(few) },
        ours: { name: 'with 1,000,000 watched scripts', run: run(many) },
      },
    ],
  };
}
