import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyWebhook } from '../../events/index.ts';
import { systemClock } from '../../shared/index.ts';
import type { ApiSession } from './api-session.ts';

/** What arrived, and whether it was signed by whom it should. */
export interface ReceivedEvent {
  readonly type: string;
  readonly genuine: boolean;
}

/** A customer's own server: takes webhooks and believes only what is signed with its secret. */
export interface WebhookReceiver {
  readonly received: readonly ReceivedEvent[];
  readonly close: () => Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function headersOf(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]),
  );
}

/** Starts the server and registers it at the API. */
export async function receiveWebhooks(session: ApiSession): Promise<WebhookReceiver> {
  const received: ReceivedEvent[] = [];
  let secret = '';
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const genuine =
        verifyWebhook(secret, { headers: headersOf(request), body }, systemClock.nowMs()) === null;
      received.push({ type: (JSON.parse(body) as { readonly type: string }).type, genuine });
      response.writeHead(genuine ? 204 : 401).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/webhooks`;
  secret = (await session.post<{ readonly secret: string }>('/v1/webhooks', { url })).secret;
  return {
    received,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
