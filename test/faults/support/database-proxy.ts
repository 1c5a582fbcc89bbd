import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { SeededRandom } from './random.ts';

/** How a commit goes over the wire: as a statement of its own, or, in the ledger, as the append itself. */
const COMMITS = [Buffer.from('COMMIT\0'), Buffer.from('ledger-append\0')];

/** What may happen to a connection that commits. */
export interface Weather {
  readonly random: SeededRandom;
  /** In [0, 1]: how many commits are cut. Half of them never arrive; the answers of the other half never do. */
  readonly cuts: number;
}

/** Stands between a process and its database, and lets what passes suffer. */
export class DatabaseProxy {
  /** Cut before the database had the commit. */
  lost = 0;
  /** Cut after the database had it, and before the answer was heard. */
  unheard = 0;
  /** How much later everything arrives at the database. */
  delayMs = 0;
  weather: Weather | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(host: string, port: number) {
    this.#server = createServer((near) => {
      const far = connect({ host, port });
      this.#sockets.add(near).add(far);
      let deaf = false;
      const end = (): void => {
        near.destroy();
        far.destroy();
        this.#sockets.delete(near);
        this.#sockets.delete(far);
      };
      for (const socket of [near, far]) socket.on('error', end).on('close', end);
      far.on('data', (bytes) => {
        if (deaf) end();
        else near.write(bytes);
      });
      const pass = (bytes: Buffer): void => {
        const fate = this.#fateOf(bytes);
        if (fate === 'lost') {
          end();
          return;
        }
        if (fate === 'unheard') deaf = true;
        far.write(bytes);
      };
      near.on('data', (bytes: Buffer) => {
        if (this.delayMs === 0) pass(bytes);
        else setTimeout(pass, this.delayMs, bytes);
      });
    });
  }

  static async listen(host: string, port: number): Promise<DatabaseProxy> {
    const proxy = new DatabaseProxy(host, port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #fateOf(bytes: Buffer): 'lost' | 'unheard' | 'heard' {
    const { weather } = this;
    if (weather === undefined || !COMMITS.some((commit) => bytes.includes(commit))) return 'heard';
    if (weather.random.next() >= weather.cuts) return 'heard';
    if (weather.random.next() < 0.5) {
      this.lost += 1;
      return 'lost';
    }
    this.unheard += 1;
    return 'unheard';
  }
}
