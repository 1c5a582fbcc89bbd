import { randomUUID } from 'node:crypto';
import { approvalRoutes } from '../../../src/approvals/index.ts';
import {
  createIdempotencyStore,
  csrfTokenOf,
  SESSION_COOKIE,
  type Principal,
} from '../../../src/http/index.ts';
import { errorMap } from '../../../src/main/error-map.ts';
import { walletRoutes } from '../../../src/wallets/index.ts';
import { withdrawalRoutes } from '../../../src/withdrawals/index.ts';
import { serveApi, testHash } from '../../http/support/serve.ts';
import type { House } from './house.ts';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

type Send = (method: string, path: string, body?: unknown, key?: string) => Promise<Answer>;

type Serve = (id: string, roles: Principal['roles'], by?: 'api_key' | 'session') => Send;

/** The routes on a real server; customers come with an API key unless told, staff with a session, each known by their id. */
export async function serveHouse(house: House): Promise<Serve> {
  const callers = new Map<string, Principal>();
  const { url } = await serveApi({
    operations: [
      ...withdrawalRoutes(house.parts),
      ...approvalRoutes(house.parts),
      ...walletRoutes(house.chain.house.parts),
    ],
    errorMap,
    idempotency: createIdempotencyStore(house.database, 60_000),
    authenticator: {
      fromSessionToken: (token) => Promise.resolve(callers.get(token) ?? null),
      fromApiKey: (key) => Promise.resolve(callers.get(key) ?? null),
    },
    handlerTimeoutMs: 20_000,
  });
  return (id, roles, by) => {
    const kind = id.startsWith('cus_') ? ('customer' as const) : ('staff' as const);
    const proofKind = by ?? (kind === 'customer' ? 'api_key' : 'session');
    const scopes = ['withdrawals:read', 'withdrawals:write'] as const;
    const proof =
      proofKind === 'api_key'
        ? ({ kind: 'api_key', keyId: 'key', scopes } as const)
        : ({
            kind: 'session',
            sessionId: 'session',
            factors: ['passkey'],
            tokenHash: Buffer.alloc(32),
          } as const);
    const key = `trilock_${proofKind}_${id}`;
    const token = csrfTokenOf(testHash, Buffer.alloc(32));
    const credential: Record<string, string> =
      proofKind === 'api_key'
        ? { authorization: `Bearer ${key}` }
        : { cookie: `${SESSION_COOKIE}=${key}`, 'x-csrf-token': token };
    callers.set(key, { kind, id, roles, proof });
    return async (method, path, body, idempotencyKey = randomUUID()) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...credential,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(method === 'POST' ? { 'idempotency-key': idempotencyKey } : {}),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
  };
}
