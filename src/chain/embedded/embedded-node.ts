import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedChain } from './embedded-chain.ts';
import { RpcDispatcher } from './rpc-dispatcher.ts';
import { startRpcServer, type RpcServer } from './rpc-server.ts';

export interface EmbeddedNodeOptions {
  /** Made when absent; holds the chain, and `.cookie` while the node runs. */
  readonly dataDirectory: string;
  /** Port on 127.0.0.1; 0 takes a free one. */
  readonly rpcPort: number;
}

/**
 * A full node on regtest in this process (bcoin), which speaks the part of Bitcoin Core's JSON-RPC that Trilock
 * uses on a loopback port, so that every program reaches it exactly as it reaches a real node. The chain is kept
 * in the data directory and survives `kill -9`; the memory pool is not kept, as with Bitcoin Core when it is
 * killed. For sandbox and tests only.
 */
export class EmbeddedNode {
  readonly rpcPort: number;
  /** Holds `user:password` for HTTP basic authentication, new at every start, as Bitcoin Core's cookie. */
  readonly cookieFile: string;
  readonly #chain: EmbeddedChain;
  readonly #dispatcher: RpcDispatcher;
  readonly #server: RpcServer;
  #closed = false;

  private constructor(
    chain: EmbeddedChain,
    dispatcher: RpcDispatcher,
    server: RpcServer,
    cookieFile: string,
  ) {
    this.#chain = chain;
    this.#dispatcher = dispatcher;
    this.#server = server;
    this.rpcPort = server.port;
    this.cookieFile = cookieFile;
  }

  /** @throws ChainError `node_missing`, `data_directory_in_use`, `data_directory_unusable`, `port_in_use`. */
  static async start(options: EmbeddedNodeOptions): Promise<EmbeddedNode> {
    const chain = await EmbeddedChain.open(options.dataDirectory);
    const dispatcher = new RpcDispatcher(chain);
    const credentials = `__cookie__:${randomBytes(32).toString('hex')}`;
    const cookieFile = join(options.dataDirectory, '.cookie');
    try {
      const server = await startRpcServer(dispatcher, options.rpcPort, credentials);
      // Renamed into place, so that nobody reads half a cookie.
      writeFileSync(`${cookieFile}.new`, credentials, { mode: 0o600 });
      renameSync(`${cookieFile}.new`, cookieFile);
      return new EmbeddedNode(chain, dispatcher, server, cookieFile);
    } catch (thrown) {
      await chain.close();
      throw thrown;
    }
  }

  /** Answers what it was asked, then closes the chain cleanly. */
  async stop(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#server.close();
    await this.#dispatcher.idle();
    rmSync(this.cookieFile, { force: true });
    await this.#chain.close();
  }
}
