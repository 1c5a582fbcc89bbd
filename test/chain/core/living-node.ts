import { connectNode, startRegtestNode } from '../../../src/chain/index.ts';
import { satoshis } from '../../../src/shared/index.ts';
import { buildSpend, OP_TRUE_SCRIPT } from '../support/faucet-spends.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import type { ContractSubject } from './node-contract.ts';

const COIN = 100_000_000n;
/** P2WPKH of twenty zero bytes: nobody's. */
const NOBODYS_SCRIPT = Buffer.concat([Buffer.of(0x00, 0x14), Buffer.alloc(20)]);

/** The contract's story told by a node that really runs. */
export async function livingSubject(bitcoindBinary?: string): Promise<ContractSubject> {
  const directory = temporaryDirectory();
  const running = await startRegtestNode({
    dataDirectory: directory.path,
    rpcPort: 0,
    ...(bitcoindBinary === undefined ? {} : { bitcoindBinary }),
  });
  const node = connectNode({ url: running.url, credentials: running.credentials });
  const coin = await running.control.fund(OP_TRUE_SCRIPT, satoshis(COIN));
  const [hash = ''] = await running.control.mine(1);
  const paying = (fee: bigint, witnessScript?: Uint8Array): Uint8Array =>
    buildSpend({
      coins: [coin],
      outputs: [{ script: NOBODYS_SCRIPT, satoshis: COIN - fee }],
      ...(witnessScript === undefined ? {} : { witnessScript }),
    });
  return {
    node,
    knownBlock: { height: await running.control.height(), hash },
    coin,
    transactions: {
      scriptInvalid: paying(10_000n, Uint8Array.of(0x52)),
      inputMissing: buildSpend({
        coins: [{ txid: '07'.repeat(32), vout: 0 }],
        outputs: [{ script: NOBODYS_SCRIPT, satoshis: 10_000n }],
      }),
      feeTooLow: paying(1n),
      feeTooHigh: paying(50_000_000n),
      accepted: paying(1_000n),
      replacement: paying(5_000n),
      conflict: paying(9_000n),
    },
    reach: async (stage) => {
      if (stage === 'confirmed') await running.control.mine(1);
      if (stage === 'disconnected') await running.control.disconnect(1);
    },
    close: async () => {
      node.close();
      await running.stop();
      directory.remove();
    },
  };
}
