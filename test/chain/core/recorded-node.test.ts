import { expect, it } from 'vitest';
import { connectNode } from '../../../src/chain/index.ts';
import { startReplayServer } from '../support/replay-server.ts';
import { nodeContract } from './node-contract.ts';

const STAGES = {
  start: 'no estimate yet',
  accepted: 'spent in the mempool, mempool included',
  replaced: 'the replaced transaction is gone',
  confirmed: 'a conflict of a confirmed spend',
  disconnected: 'back in the mempool after the reorg',
} as const;
const LOST_BLOCK = '2d6b7811cd9299bbb5dfbe932b5d51d1196ed57d164129074932a67c5b592c4d';

nodeContract('a recorded Bitcoin Core 31', async () => {
  const server = await startReplayServer();
  const node = connectNode({ url: server.url, credentials: { user: 'a', password: 'b' } });
  return {
    node,
    knownBlock: { height: 304, hash: '4be7219607c305359cef6840cbd0b60cce6a3ea99e7746c5a75e41260855d999' },
    coin: {
      txid: 'd4ee4d4b4b9c9a47343078f83b366fcb96c980b323e4b40242c10d57900d8af8',
      vout: 0,
      satoshis: 1_250_001_000n,
    },
    transactions: {
      scriptInvalid: server.transactionOf('signature does not cover the outputs'),
      inputMissing: server.transactionOf('input does not exist'),
      feeTooLow: server.transactionOf('fee below the relay minimum'),
      feeTooHigh: server.transactionOf('fee above maxfeerate'),
      accepted: server.transactionOf('accepted'),
      replacement: server.transactionOf('replacement accepted'),
      conflict: server.transactionOf('a conflict of a confirmed spend'),
    },
    reach: (stage) => {
      server.moveTo(STAGES[stage]);
      return Promise.resolve();
    },
    close: () => {
      node.close();
      return server.close();
    },
  };
});

it('knows a block that lost a reorganisation as such', async () => {
  const server = await startReplayServer();
  const node = connectNode({ url: server.url, credentials: { user: 'a', password: 'b' } });
  expect(await node.header(LOST_BLOCK)).toMatchObject({ height: 405, onMainChain: false });
  node.close();
  await server.close();
});
