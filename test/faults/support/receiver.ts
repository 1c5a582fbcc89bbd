import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message as it arrived at the integrator's own server. */
export interface Delivered {
  readonly id: string;
  readonly position: bigint;
  readonly type: string;
  readonly subject: string;
  readonly body: string;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** The integrator's own server, which takes what is signed with its secret, after Standard Webhooks 1.0. */
export class Receiver {
  readonly delivered: Delivered[] = [];
  readonly forged: string[] = [];
  readonly #server: Server;
  #key = Buffer.alloc(0);

  private constructor() {
    this.#server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        const text = (name: string): string => String(request.headers[name] ?? '');
        const signed = `${text('webhook-id')}.${text('webhook-timestamp')}.${body}`;
        const expected = `v1,${createHmac('sha256', this.#key).update(signed).digest('base64')}`;
        const genuine = text('webhook-signature').split(' ').includes(expected);
        if (genuine) {
          const { position, type, subject } = JSON.parse(body) as Record<string, string>;
          this.delivered.push({
            ...{ id: text('webhook-id'), body, type: type ?? '', subject: subject ?? '' },
            position: BigInt(position ?? '0'),
          });
        } else this.forged.push(body);
        response.writeHead(genuine ? 204 : 401).end();
      });
    });
  }

  static async listen(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/events`;
  }

  /** @param secret as the API hands it out: `whsec_` and base64. */
  believe(secret: string): void {
    this.#key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
