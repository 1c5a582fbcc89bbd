import { EmbeddedNode } from '../embedded/embedded-node.ts';
import { HttpTransport, type RpcCredentials } from '../rpc/http-transport.ts';
import { RpcClient } from '../rpc/rpc-client.ts';
import { BitcoindProcess } from './bitcoind-process.ts';
import { RegtestControl } from './regtest-control.ts';

export interface RegtestNodeOptions {
  readonly dataDirectory: string;
  /** Port of the node's JSON-RPC on 127.0.0.1; 0 takes a free one. */
  readonly rpcPort: number;
  /** Path of a real `bitcoind`; without it the embedded node is started. */
  readonly bitcoindBinary?: string;
}

/** A running regtest node of either kind, and how other processes reach it. */
export interface RegtestNode {
  readonly kind: 'embedded' | 'bitcoind';
  readonly url: string;
  readonly credentials: RpcCredentials & { readonly cookieFile: string };
  readonly control: RegtestControl;
  stop(): Promise<void>;
}

/**
 * Starts a regtest node and makes it ready (see `RegtestControl.prepare`). The data directory of one kind is not
 * read by the other: each has its own folder inside. @throws ChainError `node_missing`, `node_failed`,
 * `data_directory_in_use`, `data_directory_unusable`, `port_in_use`.
 */
export async function startRegtestNode(options: RegtestNodeOptions): Promise<RegtestNode> {
  const { rpcPort, bitcoindBinary } = options;
  const kind = bitcoindBinary === undefined ? 'embedded' : 'bitcoind';
  const dataDirectory = `${options.dataDirectory}/${kind}`;
  const running =
    bitcoindBinary === undefined
      ? await EmbeddedNode.start({ dataDirectory, rpcPort })
      : await BitcoindProcess.start({ binary: bitcoindBinary, dataDirectory, rpcPort });
  const url = `http://127.0.0.1:${running.rpcPort}`;
  const credentials = { cookieFile: running.cookieFile };
  const rpc = new RpcClient(new HttpTransport({ url, credentials }));
  const control = new RegtestControl(rpc);
  const stop = async (): Promise<void> => {
    rpc.close();
    await running.stop();
  };
  try {
    await control.prepare();
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { kind, url, credentials, control, stop };
}

/** Control from another process of a node that runs already. */
export function connectRegtestControl(url: string, credentials: RpcCredentials): RegtestControl {
  return new RegtestControl(new RpcClient(new HttpTransport({ url, credentials })));
}
