import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ChainError } from '../errors.ts';
import { HttpTransport } from '../rpc/http-transport.ts';
import { RpcClient } from '../rpc/rpc-client.ts';

export interface BitcoindOptions {
  /** Path of the `bitcoind` program, version 28 or later; a build without wallet is enough. */
  readonly binary: string;
  readonly dataDirectory: string;
  /** Port on 127.0.0.1; 0 takes a free one. */
  readonly rpcPort: number;
}

/** From start to the first answer; a regtest chain loads in one second. */
const START_TIMEOUT_MS = 60_000;
/** After that a node that was asked to stop is killed: Bitcoin Core recovers from that. */
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const REGTEST_ARGUMENTS = [
  '-regtest',
  '-server=1',
  '-listen=0',
  '-txindex=1',
  '-daemon=0',
  '-printtoconsole=0',
];

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function exited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A `bitcoind -regtest` that belongs to this process and ends with `stop`. */
export class BitcoindProcess {
  readonly rpcPort: number;
  readonly cookieFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(child: ChildProcess, rpcPort: number, cookieFile: string) {
    this.#child = child;
    this.rpcPort = rpcPort;
    this.cookieFile = cookieFile;
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  }

  /** @throws ChainError `node_missing` when the program cannot be started, `node_failed` when it ends at once. */
  static async start(options: BitcoindOptions): Promise<BitcoindProcess> {
    const rpcPort = options.rpcPort === 0 ? await freePort() : options.rpcPort;
    mkdirSync(options.dataDirectory, { recursive: true, mode: 0o700 });
    const cookieFile = join(options.dataDirectory, 'regtest', '.cookie');
    // Left behind by a killed node: it would be refused, and so hide that the new one is not ready.
    rmSync(cookieFile, { force: true });
    const args = [...REGTEST_ARGUMENTS, `-datadir=${options.dataDirectory}`, `-rpcport=${rpcPort}`];
    const child = spawn(options.binary, args, { stdio: 'ignore' });
    const bitcoind = new BitcoindProcess(child, rpcPort, cookieFile);
    await bitcoind.#answering(options.binary);
    return bitcoind;
  }

  async #answering(binary: string): Promise<void> {
    const url = `http://127.0.0.1:${this.rpcPort}`;
    const credentials = { cookieFile: this.cookieFile };
    const rpc = new RpcClient(new HttpTransport({ url, credentials, attempts: 1 }));
    const deadline = Date.now() + START_TIMEOUT_MS;
    try {
      for (;;) {
        if (this.#child.pid === undefined) {
          throw new ChainError('node_missing', 'The program named as bitcoind cannot be started.', {
            details: { binary },
          });
        }
        if (exited(this.#child)) {
          throw new ChainError('node_failed', 'bitcoind ended while starting; its debug.log says why.');
        }
        try {
          await rpc.call('getblockcount');
          return;
        } catch (thrown) {
          if (Date.now() > deadline) throw thrown;
        }
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    } catch (thrown) {
      this.#child.kill('SIGKILL');
      throw thrown;
    } finally {
      rpc.close();
    }
  }

  async stop(): Promise<void> {
    if (!exited(this.#child)) this.#child.kill('SIGTERM');
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(killer);
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
