import { createServer, type Server, type ServerResponse } from 'node:http';
import { describeError } from '../../shared/index.ts';
import { listenOn } from './endpoint.ts';

/** What a process says about one thing it needs. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** A few words for an operator: a version, a height, or what is wrong. Never a secret. */
  readonly note: string;
}

export interface Monitored {
  readonly role: string;
  readonly startedAt: string;
  /** How often a supervisor had to start this process again. */
  readonly restarts: number;
  readonly checks: () => Promise<readonly Check[]>;
  /** Prometheus text exposition. */
  readonly metrics?: () => Promise<string>;
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}

async function respond(monitored: Monitored, path: string, response: ServerResponse): Promise<void> {
  if (path === '/healthz') {
    answer(response, 200, 'text/plain', 'ok\n');
  } else if (path === '/readyz') {
    const checks = await monitored.checks();
    const ready = checks.every((check) => check.ok);
    const { role, startedAt, restarts } = monitored;
    const body = { role, pid: process.pid, startedAt, restarts, ready, checks };
    answer(response, ready ? 200 : 503, 'application/json', JSON.stringify(body));
  } else if (path === '/metrics' && monitored.metrics !== undefined) {
    answer(response, 200, 'text/plain; version=0.0.4', await monitored.metrics());
  } else {
    answer(response, 404, 'text/plain', 'not found\n');
  }
}

/** Serves `/healthz`, `/readyz` and `/metrics` of one process to operators. */
export async function startMonitor(endpoint: string, monitored: Monitored): Promise<Server> {
  const server = createServer((request, response) => {
    respond(monitored, request.url ?? '', response).catch((thrown: unknown) => {
      answer(response, 503, 'text/plain', `${describeError(thrown)}\n`);
    });
  });
  server.requestTimeout = 5_000;
  await listenOn(server, endpoint);
  return server;
}
