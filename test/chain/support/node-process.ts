// Runs a regtest node as a process of its own and says where it is, so that a test can kill it.
import { startRegtestNode } from '../../../src/chain/index.ts';

const [dataDirectory = '', bitcoindBinary] = process.argv.slice(2);
const node = await startRegtestNode({
  dataDirectory,
  rpcPort: 0,
  ...(bitcoindBinary === undefined ? {} : { bitcoindBinary }),
});
process.stdout.write(`${JSON.stringify({ url: node.url, credentials: node.credentials })}\n`);
process.on('SIGTERM', () => {
  void node.stop().then(() => process.exit(0));
});
