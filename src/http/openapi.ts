import { z } from 'zod';
import type { Access } from './access-contract.ts';
import type { OperationShape, WebhookMessage } from './operation-contract.ts';
import { problemSchema } from './problem-contract.ts';
import type { ErrorMap } from './problem.ts';

type Json = Record<string, unknown>;

export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

/** Collects named schemas while operations are written down. */
class Components {
  readonly schemas: Json = {};

  /** The JSON Schema (2020-12) of the wire form; named parts move to `components/schemas`. */
  of(schema: z.ZodType): Json {
    const whole = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12', unrepresentable: 'throw' });
    const moved = JSON.parse(JSON.stringify(whole).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
    delete moved['$schema'];
    const definitions = (moved['$defs'] ?? {}) as Json;
    delete moved['$defs'];
    for (const [name, definition] of Object.entries(definitions)) this.schemas[name] = definition;
    const name = moved['id'];
    if (typeof name !== 'string') return moved;
    delete moved['id'];
    this.schemas[name] = moved;
    return { $ref: `#/components/schemas/${name}` };
  }
}

function parametersOf(
  components: Components,
  schema: z.ZodObject | undefined,
  where: 'path' | 'query',
): Json[] {
  if (schema === undefined) return [];
  const object = components.of(schema) as { properties?: Json; required?: string[] };
  return Object.entries(object.properties ?? {}).map(([name, member]) => ({
    name,
    in: where,
    required: where === 'path' || (object.required ?? []).includes(name),
    schema: member,
  }));
}

const header = (name: string, description: string): Json => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
});

function headerParameters(operation: OperationShape): Json[] {
  const keyed = operation.idempotency === 'key' || operation.idempotency === 'handler';
  return [
    ...(keyed
      ? [header('Idempotency-Key', '16 to 128 letters, digits, `-`, `_`, `.` or `:`; new for every new wish')]
      : []),
    ...(operation.versioned === true ? [header('If-Match', 'The ETag of the version to be changed')] : []),
  ];
}

/** Codes that the kit may answer for an operation, besides the operation's own. */
function kitErrors(operation: OperationShape): string[] {
  const keyed = operation.idempotency === 'key' || operation.idempotency === 'handler';
  return [
    'request_malformed',
    'request_invalid',
    'credentials_invalid',
    'internal_error',
    ...(operation.unlimited === true ? [] : ['service_unavailable', 'timed_out']),
    ...(operation.unlimited === true ? [] : ['rate_limited']),
    ...(operation.body === undefined ? [] : ['body_too_large', 'media_type_unsupported']),
    ...(operation.access.kind === 'public' ? [] : ['authentication_required', 'forbidden']),
    ...(operation.method === 'get' ? [] : ['cross_site_refused']),
    ...(keyed ? ['idempotency_key_missing', 'idempotency_key_in_progress', 'idempotency_key_reused'] : []),
    ...(operation.versioned === true ? ['precondition_required', 'precondition_failed'] : []),
  ];
}

function problemResponses(operation: OperationShape, errorMap: ErrorMap): Json {
  const byStatus = new Map<number, string[]>();
  for (const code of [...kitErrors(operation), ...operation.errors]) {
    const status = errorMap[code]?.status ?? 500;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        String(status),
        {
          description: codes.map((code) => `\`${code}\`: ${errorMap[code]?.title ?? ''}`).join('\n\n'),
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ]),
  );
}

function successResponses(components: Components, operation: OperationShape): Json {
  return Object.fromEntries(
    Object.entries(operation.responses).map(([status, { description, body }]) => [
      status,
      body === null
        ? { description }
        : { description, content: { 'application/json': { schema: components.of(body) } } },
    ]),
  );
}

function securityOf(access: Access): Json[] {
  if (access.kind === 'public') return [];
  return [{ session: [] }, ...(access.scope === undefined ? [] : [{ apiKey: [access.scope] }])];
}

function operationObject(components: Components, operation: OperationShape, errorMap: ErrorMap): Json {
  return {
    operationId: operation.operationId,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    parameters: [
      ...parametersOf(components, operation.params, 'path'),
      ...parametersOf(components, operation.query, 'query'),
      ...headerParameters(operation),
    ],
    ...(operation.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              'application/json': {
                schema: components.of(operation.body),
                ...(operation.examples?.body === undefined ? {} : { example: operation.examples.body }),
              },
            },
          },
        }),
    responses: { ...successResponses(components, operation), ...problemResponses(operation, errorMap) },
    security: securityOf(operation.access),
    // Not part of the standard: who may call, for people, generated clients and the contract suite.
    'x-trilock-access': operation.access.kind === 'public' ? 'public' : operation.access.roles,
    'x-trilock-idempotency': operation.idempotency ?? null,
    ...(operation.examples?.params === undefined
      ? {}
      : { 'x-trilock-example-params': operation.examples.params }),
  };
}

function webhookObject(components: Components, { summary, body, example }: WebhookMessage): Json {
  return {
    post: {
      summary,
      requestBody: {
        required: true,
        content: { 'application/json': { schema: components.of(body), example } },
      },
      responses: { '2XX': { description: 'Taken; anything else is tried again, 410 ends the webhook' } },
    },
  };
}

/** The OpenAPI 3.1 document of a set of operations, and of the messages that webhooks get. */
export function openApiDocument(
  operations: readonly OperationShape[],
  webhooks: readonly WebhookMessage[],
  errorMap: ErrorMap,
  info: OpenApiInfo,
): Json {
  const components = new Components();
  components.of(problemSchema);
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const item = (paths[operation.path] ??= {});
    item[operation.method] = operationObject(components, operation, errorMap);
  }
  return {
    openapi: '3.1.0',
    info,
    paths,
    webhooks: Object.fromEntries(
      webhooks.map((message) => [message.name, webhookObject(components, message)]),
    ),
    components: {
      schemas: components.schemas,
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: '__Host-trilock_session' },
        apiKey: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}
