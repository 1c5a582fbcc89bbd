import pg from 'pg';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Pool } from '../postgres/index.ts';
import type { KeyedHash } from './keyed-hash.ts';
import { HttpError } from './problem.ts';

/** How much is allowed: so many points within so many seconds, counted from the first. */
export interface ThrottleRule {
  /** Names the counters; two throttles of one name share them, over all processes. */
  readonly name: string;
  readonly points: number;
  readonly windowSeconds: number;
}

export interface ThrottleState {
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** A counter that all processes on one database share. */
export interface Throttle {
  /** Takes one point of `key`. @throws HttpError `rate_limited` when none is left. */
  take(key: string): Promise<ThrottleState>;
  /** Gives one point back: what was counted turned out to be harmless. */
  giveBack(key: string): Promise<void>;
}

const TABLE = 'rate_limit';
const SCHEMA = 'app';

function stateOf(rule: ThrottleRule, result: RateLimiterRes): ThrottleState {
  return {
    limit: rule.points,
    remaining: result.remainingPoints,
    resetSeconds: Math.ceil(result.msBeforeNext / 1000),
  };
}

/**
 * A throttle on PostgreSQL (one upsert each time; a key that is over its limit is then refused from memory).
 * Keys are stored as MACs, so the table names neither addresses nor people. When the database fails, so does
 * `take`: a throttle never opens.
 */
export function createThrottle(pool: Pool, hash: KeyedHash, rule: ThrottleRule): Throttle {
  const limiter = new RateLimiterPostgres({
    // The library computes with `bigint` columns as numbers; our pools parse them to bigint.
    storeClient: { query: (query: pg.QueryConfig) => pool.query({ ...query, types: pg.types }) },
    storeType: 'client',
    schemaName: SCHEMA,
    tableName: TABLE,
    tableCreated: true,
    keyPrefix: rule.name,
    points: rule.points,
    duration: rule.windowSeconds,
    inMemoryBlockOnConsumed: rule.points + 1,
  });
  const stored = (key: string): string => hash.mac('throttle', [rule.name, key]).toString('base64url');
  return {
    async take(key) {
      try {
        return stateOf(rule, await limiter.consume(stored(key)));
      } catch (thrown) {
        if (!(thrown instanceof RateLimiterRes)) throw thrown;
        const { resetSeconds } = stateOf(rule, thrown);
        throw new HttpError('rate_limited', `Too many requests; try again in ${resetSeconds} seconds.`, {
          retryable: true,
          retryAfterSeconds: Math.max(1, resetSeconds),
          headers: rateLimitHeaders({ limit: rule.points, remaining: 0, resetSeconds }),
        });
      }
    },
    async giveBack(key) {
      await limiter.reward(stored(key));
    },
  };
}

/** `RateLimit-*` fields (draft-ietf-httpapi-ratelimit-headers-06). */
export function rateLimitHeaders(state: ThrottleState): Record<string, string> {
  return {
    'ratelimit-limit': String(state.limit),
    'ratelimit-remaining': String(state.remaining),
    'ratelimit-reset': String(state.resetSeconds),
  };
}

/**
 * What counts as one client address: an IPv4 address, or the /64 that one IPv6 customer gets, in which anybody
 * can take a new address for every request.
 */
export function addressKey(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = (address.split('%')[0] ?? '').split('::');
  const left = head.split(':').filter((group) => group !== '');
  const right = tail.split(':').filter((group) => group !== '');
  const gap = address.includes('::') ? Math.max(0, 8 - left.length - right.length) : 0;
  const groups = [...left, ...Array.from({ length: gap }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
