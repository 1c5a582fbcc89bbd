import { randomUUID } from 'node:crypto';
import { inTransaction } from '../../../src/database/index.ts';
import {
  appendEvent,
  deliverOne,
  EVENT_STREAM,
  fanOut,
  webhookErrorMap,
  webhookRoutes,
  type DeliverOptions,
  type WebhookParts,
} from '../../../src/events/index.ts';
import { SCOPES } from '../../../src/http/access-contract.ts';
import { createIdempotencyStore, httpErrorMap, type Principal } from '../../../src/http/index.ts';
import {
  idToUuid,
  isIdOf,
  ManualClock,
  newId,
  type CustomerId,
  type Id,
  type IntegratorId,
} from '../../../src/shared/index.ts';
import { openScene, sealAll, type Scene } from '../../audit/scene.ts';
import { serveApi, testHash } from '../../http/support/serve.ts';
import { sampleEvent } from '../sample-event.ts';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

type Owner = CustomerId | IntegratorId;

function principalOf(id: string): Principal | null {
  const kind = isIdOf('customer', id) ? 'customer' : isIdOf('integrator', id) ? 'integrator' : null;
  if (kind === null) return null;
  return { kind, id, roles: [kind], proof: { kind: 'api_key', keyId: id, scopes: SCOPES } };
}

/** A database with events, and somebody who delivers them. The time is the test's. */
export class WebhookScene {
  readonly scene: Scene;
  readonly clock = new ManualClock(Date.now());
  readonly parts: WebhookParts;
  #url = '';
  logLines: readonly string[] = [];

  private constructor(scene: Scene) {
    this.scene = scene;
    this.parts = { database: scene.database, hash: testHash, clock: this.clock, allowLoopback: true };
  }

  static async open(): Promise<WebhookScene> {
    return new WebhookScene(await openScene());
  }

  close(): Promise<void> {
    return this.scene.close();
  }

  /** Serves until the test ends. An API key is the id of its owner: identity has its own tests. */
  async serve(): Promise<void> {
    const { url, logLines } = await serveApi({
      operations: webhookRoutes(this.parts),
      errorMap: { ...httpErrorMap, ...webhookErrorMap },
      authenticator: {
        fromSessionToken: () => Promise.resolve(null),
        fromApiKey: (key) => Promise.resolve(principalOf(key)),
      },
      idempotency: createIdempotencyStore(this.scene.database, 60_000),
    });
    this.#url = url;
    this.logLines = logLines;
  }

  async customer(): Promise<CustomerId> {
    const id = newId('customer');
    await this.scene.database.customer.create({
      data: { id: idToUuid(id), email: `${id}@example.com`, displayName: 'Ada', createdAt: new Date() },
    });
    return id;
  }

  async integrator(): Promise<IntegratorId> {
    const id = newId('integrator');
    await this.scene.database.integrator.create({
      data: { id: idToUuid(id), name: id, createdAt: new Date() },
    });
    return id;
  }

  async send(
    who: Owner,
    method: string,
    path = '',
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.#url}/v1/webhooks${path}`, {
      method,
      headers: {
        authorization: `Bearer ${who}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  }

  /** Makes an endpoint and returns its id and secret. */
  async webhook(who: Owner, url: string, eventTypes: readonly string[] = []) {
    const { body, status } = await this.send(who, 'POST', '', { url, eventTypes });
    if (status !== 201) throw new Error(`no webhook: ${JSON.stringify(body)}`);
    const { webhook, secret } = body as { webhook: { id: Id<'webhook'> }; secret: string };
    return { id: webhook.id, secret };
  }

  /** Something that concerns a customer, or the institution. */
  async event(customer: CustomerId | null, note: string): Promise<Id<'event'>> {
    return await inTransaction(this.scene.database, (tx) => appendEvent(tx, sampleEvent(note, customer)));
  }

  /** Seals, makes deliveries, and attempts everything that is due; returns how many attempts that were. */
  async deliver(options: DeliverOptions = {}): Promise<number> {
    await sealAll(this.scene.database, EVENT_STREAM);
    while ((await fanOut(this.parts)) > 0);
    let attempts = 0;
    while ((await deliverOne(this.parts, { random: () => 0.5, ...options })) > 0) attempts += 1;
    return attempts;
  }
}
