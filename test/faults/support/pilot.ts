import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { intentHash, parseIntent, statementDigest } from '../../../src/intents/index.ts';
import { describeError, isoTime, systemClock } from '../../../src/shared/index.ts';
import type { FaultWorld } from './fault-world.ts';

const ROUND_MS = 100;
/** Blocks come while something waits for them, but not so fast that nothing happens between two. */
const ROUNDS_PER_BLOCK = 4;

interface Word {
  readonly key: string;
  readonly body: unknown;
}

/**
 * Everybody who does their work whatever breaks: the approver approves what is asked, the operator carries bundles to
 * the station and back, and blocks come. What fails is done again in the next round.
 */
export class Pilot {
  /** Intents that the operator does not carry to the station. */
  readonly heldBack = new Set<string>();
  /** Whether the operator carries at all. */
  carries = true;
  mines = true;
  approves = true;
  /** What went wrong on the way; expected while processes die. */
  readonly troubles: string[] = [];
  readonly #world: FaultWorld;
  readonly #words = new Map<string, Word>();
  readonly #approved = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #flying: Promise<void>[] = [];

  constructor(world: FaultWorld) {
    this.#world = world;
  }

  fly(): void {
    this.#flying.push(this.#loop(() => this.#approve()));
    this.#flying.push(this.#loop(() => this.#carry()));
    this.#flying.push(this.#loop(() => this.#mine(), ROUND_MS * ROUNDS_PER_BLOCK));
    this.#flying.push(this.#loop(() => this.#hurry(), ROUND_MS * ROUNDS_PER_BLOCK));
  }

  async land(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#flying);
  }

  /** What was approved counts no more: the approver is asked again. */
  approveAnew(intent: string): void {
    this.#words.delete(intent);
    this.#approved.delete(intent);
  }

  async #loop(round: () => Promise<void>, restMs = ROUND_MS): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await round();
      } catch (thrown) {
        this.troubles.push(describeError(thrown));
      }
      await sleep(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #approve(): Promise<void> {
    if (!this.approves) return;
    const [{ session }] = this.#world.approvers;
    const { items } = await session.get<{ items: readonly { id: string }[] }>('/v1/intents?limit=100');
    for (const { id } of items) {
      if (this.#approved.has(id)) continue;
      const word = this.#words.get(id) ?? (await this.#wordOn(id));
      this.#words.set(id, word);
      await session.post(`/v1/intents/${id}/approvals`, word.body, word.key);
      this.#approved.add(id);
    }
  }

  /** The approver signs once, and sends the same words until they are answered. */
  async #wordOn(id: string): Promise<Word> {
    const [approver] = this.#world.approvers;
    const queued = await approver.session.get<{ intent: unknown }>(`/v1/intents/${id}`);
    const statement = {
      purpose: 'approval' as const,
      intentHash: intentHash(parseIntent(queued.intent)),
      decision: 'approve' as const,
      approver: approver.id,
      signedAt: isoTime(systemClock.nowMs()),
    };
    const signature = approver.key.sign(statementDigest(statement));
    return { key: randomUUID(), body: { statement, signature } };
  }

  async #carry(): Promise<void> {
    if (this.carries) await this.#world.courier.carry((intent) => this.heldBack.has(intent));
  }

  /** After failures the worker waits, up to a minute; the test does not. */
  async #hurry(): Promise<void> {
    await this.#world.sql.query(
      `UPDATE app.withdrawal SET look_at = now(), failures = 0 WHERE hindrance IS NOT NULL AND look_at > now()`,
    );
    await this.#world.sql.query(
      `UPDATE app.webhook_delivery SET next_attempt_at = now() WHERE state = 'pending' AND next_attempt_at > now()`,
    );
  }

  async #mine(): Promise<void> {
    if (this.mines) await this.#world.node.mine(1);
  }
}
