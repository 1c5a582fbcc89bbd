import { newId, idFromUuid, idToUuid, type RequestId } from '../shared/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { HttpError } from './problem.ts';
import type { WireReply } from './send-reply.ts';

/** A request that may act once. */
export interface KeyedRequest {
  /** Whose key it is: two callers may use the same text. */
  readonly subject: string;
  readonly key: string;
  readonly operationId: string;
  readonly requestHash: Uint8Array;
  /** Whether a stored hash is of this very request. */
  matches(storedHash: Uint8Array): boolean;
}

/** The right to run one attempt. `id` stays the same over all attempts of one key. */
export interface Claim {
  readonly id: RequestId;
  readonly attempt: number;
}

export type BeginResult =
  | { readonly kind: 'claimed'; readonly claim: Claim }
  | { readonly kind: 'replay'; readonly reply: WireReply };

/** See `createIdempotencyStore`. */
export interface IdempotencyStore {
  /** @throws HttpError `idempotency_key_in_progress`, `idempotency_key_reused`. */
  begin(request: KeyedRequest): Promise<BeginResult>;
  /** Runs the effect and stores its answer in one transaction. @throws HttpError `idempotency_key_in_progress`. */
  complete(claim: Claim, act: (tx: DatabaseTransaction) => Promise<WireReply>): Promise<WireReply>;
  /** Gives up the attempt without an answer: the next request with the key may run at once. */
  release(claim: Claim): Promise<void>;
}

interface KeyRow {
  id: string;
  attempt: number;
  requestHash: Uint8Array;
  status: number | null;
  headers: unknown;
  body: string | null;
  leaseExpiresAt: Date;
}

function inProgress(retryAfterSeconds: number): HttpError {
  return new HttpError('idempotency_key_in_progress', 'The first request with this key has not ended yet.', {
    retryable: true,
    retryAfterSeconds,
  });
}

function storedReply(row: KeyRow): WireReply | null {
  if (row.status === null) return null;
  return { status: row.status, headers: row.headers as Record<string, string>, body: row.body };
}

/**
 * Remembers for ever which request a key stands for and what was answered.
 *
 * A key goes through three states. *Claimed*: a row in progress, with the request's hash, the number of the
 * attempt and a lease, committed before anything is done. *Done*: the row holds the answer; it is written in the
 * transaction of the effect, so there is never an effect without its answer nor an answer without its effect,
 * and the database refuses any later change. *Abandoned*: in progress with an expired lease; the owner died, or
 * gave up. The next request with the same key and the same payload claims the next attempt.
 *
 * What makes a second attempt safe is never the clock. Inside the database: `complete` locks the row and checks
 * the attempt number first, so an owner that was only slow, and comes back after its lease, rolls back. Outside
 * it (a hold in the ledger): ids are derived from the row's id, the same in every attempt, so repeating is
 * answered with "exists".
 */
export function createIdempotencyStore(database: Database, leaseMs: number): IdempotencyStore {
  const leaseSeconds = leaseMs / 1000;

  async function insert(request: KeyedRequest): Promise<Claim | null> {
    const id = newId('request');
    const inserted = await database.$executeRaw`
      INSERT INTO app.idempotency_key
        (id, subject, key, operation_id, request_hash, attempt, lease_expires_at, created_at)
      VALUES (${idToUuid(id)}::uuid, ${request.subject}, ${request.key}, ${request.operationId},
        ${request.requestHash}, 1, now() + make_interval(secs => ${leaseSeconds}), now())
      ON CONFLICT (subject, key) DO NOTHING`;
    return inserted === 1 ? { id, attempt: 1 } : null;
  }

  async function takeOver(row: KeyRow): Promise<Claim> {
    // The database's clock decides for all processes, and the attempt number decides who was first.
    const taken = await database.$executeRaw`
      UPDATE app.idempotency_key
      SET attempt = attempt + 1, lease_expires_at = now() + make_interval(secs => ${leaseSeconds})
      WHERE id = ${row.id}::uuid AND attempt = ${row.attempt} AND completed_at IS NULL
        AND lease_expires_at <= now()`;
    if (taken !== 1) {
      const left = Math.ceil((row.leaseExpiresAt.getTime() - Date.now()) / 1000);
      throw inProgress(Math.min(Math.max(left, 1), Math.ceil(leaseSeconds)));
    }
    return { id: idFromUuid('request', row.id), attempt: row.attempt + 1 };
  }

  return {
    async begin(request) {
      const claim = await insert(request);
      if (claim !== null) return { kind: 'claimed', claim };
      const row = await database.idempotencyKey.findUniqueOrThrow({
        where: { subject_key: { subject: request.subject, key: request.key } },
      });
      if (!request.matches(row.requestHash)) {
        throw new HttpError('idempotency_key_reused', 'This key was used for a request with other contents.');
      }
      const reply = storedReply(row);
      return reply === null ? { kind: 'claimed', claim: await takeOver(row) } : { kind: 'replay', reply };
    },

    async complete(claim, act) {
      return await inTransaction(database, async (tx) => {
        const mine = await tx.$queryRaw<unknown[]>`
          SELECT 1 FROM app.idempotency_key
          WHERE id = ${idToUuid(claim.id)}::uuid AND attempt = ${claim.attempt} AND completed_at IS NULL
          FOR UPDATE`;
        if (mine.length !== 1) throw inProgress(1);
        const reply = await act(tx);
        await tx.idempotencyKey.update({
          where: { id: idToUuid(claim.id) },
          data: {
            completedAt: new Date(),
            status: reply.status,
            headers: { ...reply.headers },
            body: reply.body,
          },
        });
        return reply;
      });
    },

    async release(claim) {
      await database.$executeRaw`
        UPDATE app.idempotency_key SET lease_expires_at = now()
        WHERE id = ${idToUuid(claim.id)}::uuid AND attempt = ${claim.attempt} AND completed_at IS NULL`;
    },
  };
}
