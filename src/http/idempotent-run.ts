import type { Request } from 'express';
import { canonicalJson, crashPoint, isDomainError, type JsonValue } from '../shared/index.ts';
import type { BoundOnce, UncheckedReply, UncheckedRequest } from './bind.ts';
import { effectId, type Committed, type Effect } from './effect.ts';
import type { Claim, IdempotencyStore, KeyedRequest } from './idempotency-store.ts';
import type { KeyedHash } from './keyed-hash.ts';
import { HttpError, toProblem, type ErrorMap } from './problem.ts';
import { problemToWire, toWire, type WireReply } from './send-reply.ts';

/** Long enough that nobody's key is guessed, in characters that every client can send unquoted. */
const KEY = /^[A-Za-z0-9_.:-]{16,128}$/;

/** @throws HttpError `idempotency_key_missing`, `idempotency_key_malformed`. */
export function idempotencyKeyOf(request: Request): string {
  const key = request.headers['idempotency-key'];
  if (key === undefined || key === '') {
    throw new HttpError('idempotency_key_missing', 'This needs an Idempotency-Key header.');
  }
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new HttpError(
      'idempotency_key_malformed',
      'An Idempotency-Key has 16 to 128 letters, digits, -, _, . or :, and is sent once.',
    );
  }
  return key;
}

/**
 * What a key stands for. The hash is keyed, since the body may hold a password and the table outlives it; the
 * order of members does not matter.
 */
export function keyedRequestOf(
  hash: KeyedHash,
  request: Request,
  operationId: string,
  subject: string,
  wireBody: unknown,
): KeyedRequest {
  const contents = [
    request.method,
    request.originalUrl,
    wireBody === undefined ? '' : canonicalJson(wireBody as JsonValue),
  ];
  return {
    subject,
    key: idempotencyKeyOf(request),
    operationId,
    requestHash: hash.mac('request', contents),
    matches: (stored) => hash.verify('request', contents, stored),
  };
}

export interface IdempotentParts {
  readonly store: IdempotencyStore;
  readonly errorMap: ErrorMap;
}

export interface IdempotentAnswer {
  readonly reply: WireReply;
  readonly replayed: boolean;
}

/** A refusal that would come again for the same request: it is the answer, and is stored like one. */
function isFinalRefusal(thrown: unknown, status: number): boolean {
  return isDomainError(thrown) && !thrown.retryable && status < 500;
}

async function attempt(
  parts: IdempotentParts,
  claim: Claim,
  bound: BoundOnce,
  request: UncheckedRequest,
): Promise<WireReply> {
  let answer: WireReply | undefined;
  const effect: Effect<UncheckedReply> = {
    id: (kind, step) => effectId(claim.id, kind, step),
    async commit(act) {
      await parts.store.complete(claim, async (tx) => {
        const reply = await act(tx);
        answer = toWire(bound.operation, reply);
        if (reply.cookie !== undefined) throw new TypeError('a stored answer must not set a cookie');
        return reply.replayBody === undefined
          ? answer
          : toWire(bound.operation, { ...reply, body: reply.replayBody });
      });
      crashPoint('http.effect_committed');
      return undefined as unknown as Committed<UncheckedReply>;
    },
  };
  await bound.run(request, effect);
  if (answer === undefined) throw new TypeError(`${bound.operation.operationId} did not commit`);
  return answer;
}

/** Runs a keyed operation, or repeats the answer that the key already has. */
export async function runOnce(
  parts: IdempotentParts,
  bound: BoundOnce,
  keyed: KeyedRequest,
  request: UncheckedRequest,
): Promise<IdempotentAnswer> {
  const begun = await parts.store.begin(keyed);
  if (begun.kind === 'replay') return { reply: begun.reply, replayed: true };
  try {
    return { reply: await attempt(parts, begun.claim, bound, request), replayed: false };
  } catch (thrown) {
    const problem = toProblem(thrown, parts.errorMap, request.requestId);
    const lostTheKey = isDomainError(thrown) && thrown.code === 'idempotency_key_in_progress';
    if (lostTheKey) throw thrown;
    if (!isFinalRefusal(thrown, problem.status)) {
      await parts.store.release(begun.claim);
      throw thrown;
    }
    await parts.store.complete(begun.claim, () => Promise.resolve(problemToWire(problem)));
    throw thrown;
  }
}
