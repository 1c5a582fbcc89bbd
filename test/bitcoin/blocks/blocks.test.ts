import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bitsOfTarget,
  branchLeadsTo,
  chainsOfNetwork,
  hasProofOfWork,
  hashText,
  merkleBranch,
  merkleRoot,
  NETWORK_NAMES,
  parseBlockHeader,
  retargetedBits,
  scanBlock,
  targetOfBits,
  workOfBits,
} from '../../../src/bitcoin/index.ts';

function hash256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
}

/** Header of the first block of mainnet. */
const GENESIS = Buffer.from(
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c',
  'hex',
);
const [MAINNET] = chainsOfNetwork('mainnet');
const LIMIT = MAINNET?.workLimit ?? 0n;

/** A block of two transactions recorded from Bitcoin Core 31. */
function recordedBlock(): Uint8Array {
  const file = readFileSync(new URL('../../vectors/core-rpc/recorded.json', import.meta.url), 'utf8');
  const { calls } = JSON.parse(file) as { calls: { note: string; reply: { result?: unknown } }[] };
  return Buffer.from(String(calls.find(({ note }) => note === 'raw block')?.reply.result), 'hex');
}

const IGNORE = { input: () => undefined, output: () => undefined, transaction: () => undefined };

describe('proof of work', () => {
  it('is found in the first block of mainnet, and not when a bit is changed', () => {
    const header = parseBlockHeader(GENESIS, hash256);
    expect(header.hash).toBe(MAINNET?.genesisHash);
    expect(hasProofOfWork(header, LIMIT)).toBe(true);
    const changed = Buffer.from(GENESIS);
    changed.writeUInt8(0x1e, 76);
    expect(hasProofOfWork(parseBlockHeader(changed, hash256), LIMIT)).toBe(false);
  });

  it('is not believed when the target is easier than the network allows', () => {
    const easy = Buffer.from(GENESIS);
    easy.writeUInt32LE(0x207fffff, 72);
    expect(hasProofOfWork({ ...parseBlockHeader(easy, hash256), hash: '00'.repeat(32) }, LIMIT)).toBe(false);
  });

  // Bitcoin Core, src/test/pow_tests.cpp (MIT): real retargets of mainnet.
  it.each([
    ['an ordinary period', 1261130161, 1262152739, 0x1d00ffff, 0x1d00d86a],
    ['the easiest target', 1231006505, 1233061996, 0x1d00ffff, 0x1d00ffff],
    ['four times harder at most', 1279008237, 1279297671, 0x1c05a3f4, 0x1c0168fd],
    ['four times easier at most', 1263163443, 1269211443, 0x1c387f6f, 0x1d00e1fd],
  ])('follows from the period before: %s', (_name, first, time, bits, expected) => {
    expect(retargetedBits(first, { time, bits }, LIMIT)).toBe(expected);
  });

  it('refuses compact targets that are negative, zero or too large, and writes the others back', () => {
    for (const bits of [0, 0x01003456, 0x04923456, 0xff123456, 0x1d80ffff])
      expect(targetOfBits(bits)).toBeUndefined();
    expect(targetOfBits(0x05009234)).toBe(0x92340000n);
    for (const bits of [0x1d00ffff, 0x207fffff, 0x1b0404cb, 0x01120000, 0x05009234]) {
      expect(bitsOfTarget(targetOfBits(bits) ?? 0n)).toBe(bits);
    }
    expect(workOfBits(0x1d00ffff)).toBe(0x1_0001_0001n);
    expect(workOfBits(0)).toBe(0n);
  });

  it('has a limit for every network that its first block keeps', () => {
    const chains = NETWORK_NAMES.flatMap((network) => chainsOfNetwork(network));
    expect(chains).toHaveLength(5);
    for (const { genesisHash, workLimit } of chains) {
      expect(BigInt(`0x${genesisHash}`)).toBeLessThanOrEqual(workLimit);
    }
  });
});

describe('Merkle trees', () => {
  const hashes = fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .map((seeds) =>
      Uint8Array.from(Buffer.concat([...seeds].map((seed, at) => hash256(Uint8Array.of(seed, at))))),
    );

  it('prove every transaction under the root, and no other', () => {
    fc.assert(
      fc.property(hashes, fc.nat(), (txids, pick) => {
        const count = txids.length / 32;
        const position = pick % count;
        const { root, mutated } = merkleRoot(txids, hash256);
        const branch = merkleBranch(txids, position, hash256);
        const txid = hashText(txids, 32 * position);
        expect(mutated).toBe(false);
        expect(branchLeadsTo(txid, branch, root, hash256)).toBe(true);
        expect(branchLeadsTo('00'.repeat(32), branch, root, hash256)).toBe(false);
        expect(
          branchLeadsTo(txid, { ...branch, position: position + 2 ** branch.siblings.length }, root, hash256),
        ).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('tell repeated transactions from a row that was filled up (CVE-2012-2459)', () => {
    const three = Buffer.concat([1, 2, 3].map((seed) => hash256(Uint8Array.of(seed))));
    const four = Buffer.concat([three, three.subarray(64)]);
    expect(merkleRoot(four, hash256).root).toBe(merkleRoot(three, hash256).root);
    expect(merkleRoot(three, hash256).mutated).toBe(false);
    expect(merkleRoot(four, hash256).mutated).toBe(true);
  });
});

describe('scanning a block', () => {
  it('finds ids, inputs and outputs where they stand', () => {
    const block = recordedBlock();
    const values: bigint[] = [];
    let inputs = 0;
    const txids = scanBlock(block, hash256, {
      input: () => inputs++,
      output: (_at, _length, valueAt) => values.push(Buffer.from(block).readBigUInt64LE(valueAt)),
      transaction: () => undefined,
    });
    expect(merkleRoot(txids, hash256).root).toBe(parseBlockHeader(block, hash256).merkleRoot);
    expect(hashText(txids, 32)).toBe('b383ff3d23f2b5a3074df1af9820dbf0fad53d2daab1017cdff54b0e359e58c0');
    expect(inputs).toBe(1);
    expect(values).toEqual([1_250_001_000n, 0n, 1_000_000n, 2_498_999_000n]);
  });

  it('refuses a block cut off at any byte, and one that goes on', () => {
    const block = recordedBlock();
    for (let length = 0; length < block.length; length++) {
      expect(() => scanBlock(block.subarray(0, length), hash256, IGNORE)).toThrow(/not a valid block/);
    }
    expect(() => scanBlock(Buffer.concat([block, Buffer.of(0)]), hash256, IGNORE)).toThrow(/bytes follow/);
  });

  it('ends for any bytes, with a block or a refusal', () => {
    const block = recordedBlock();
    fc.assert(
      fc.property(fc.nat(block.length - 1), fc.nat(255), (at, value) => {
        const changed = Uint8Array.from(block);
        changed[at] = value;
        try {
          expect(scanBlock(changed, hash256, IGNORE).length % 32).toBe(0);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'block_malformed' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
