import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { EVENT_TYPES } from '../../src/events/event-contract.ts';
import { EVENT_DATA } from '../../src/events/event-data-contract.ts';
import { WEBHOOK_MESSAGES } from '../../src/events/index.ts';
import { serveApi } from '../http/support/serve.ts';

const SOURCES = join(import.meta.dirname, '../../src');

async function sourcesBesides(skipped: RegExp): Promise<Map<string, string>> {
  const files = (await readdir(SOURCES, { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !file.includes('generated') && !skipped.test(file),
  );
  return new Map(
    await Promise.all(
      files.map(async (file) => [file, await readFile(join(SOURCES, file), 'utf8')] as const),
    ),
  );
}

it('every type has data of a closed shape, a description and an example that fits', () => {
  for (const type of EVENT_TYPES) {
    const schema = EVENT_DATA[type];
    const { description, examples } = schema.meta() ?? {};
    expect(description, type).toMatch(/^[A-Z].*\.$/);
    expect(examples, type).toHaveLength(1);
    const example = (examples as Record<string, unknown>[])[0];
    expect(schema.safeParse(example).error, type).toBeUndefined();
    expect(schema.safeParse({ ...example, stranger: 1 }).success, type).toBe(false);
  }
});

it('every type is emitted somewhere, and every emission goes through the one place that checks it', async () => {
  const contexts = await sourcesBesides(/^events\/event-(data-)?contract\.ts$/);
  const text = [...contexts.values()].join('\n');
  expect(EVENT_TYPES.filter((type) => !text.includes(`'${type}'`))).toEqual([]);
  const writers = [...contexts].filter(([, source]) =>
    /outboxEvent\.(create|upsert)|INTO (app\.)?outbox_event/.test(source),
  );
  expect(writers.map(([file]) => file)).toEqual(['events/append-event.ts']);
});

it('the OpenAPI document lists every message with an example that its own schema accepts', async () => {
  const { api } = await serveApi({ webhooks: WEBHOOK_MESSAGES });
  const { webhooks, openapi } = api.document as {
    openapi: string;
    webhooks: Record<
      string,
      { post: { requestBody: { content: Record<string, { schema: object; example: object }> } } }
    >;
  };
  expect(openapi).toBe('3.1.0');
  expect(Object.keys(webhooks)).toEqual([...EVENT_TYPES]);
  for (const { name, body, example } of WEBHOOK_MESSAGES) {
    expect(z.safeParse(body, example).error, name).toBeUndefined();
    expect(webhooks[name]?.post.requestBody.content['application/json']?.example).toEqual(example);
    expect(webhooks[name]?.post.requestBody.content['application/json']?.schema).toMatchObject({
      properties: { type: { const: name }, data: { type: 'object', additionalProperties: false } },
    });
  }
});
