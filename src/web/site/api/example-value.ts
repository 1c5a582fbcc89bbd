import { resolveSchema, type ApiContent, type JsonSchema, type OpenApiDocument } from './openapi-document.ts';

/** A reference to itself would never end; nobody reads deeper examples than this either. */
const MAX_DEPTH = 8;

const BY_FORMAT: Readonly<Record<string, string>> = {
  'date-time': '2026-03-01T12:30:00.000Z',
  date: '2026-03-01',
  uuid: '0195513c-4a2e-7c31-9b5d-3c1f8a6d2e47',
  uri: 'https://example.com/',
  email: 'alice@example.com',
};

function ofObject(schema: JsonSchema, document: OpenApiDocument, depth: number): Record<string, unknown> {
  const properties = Object.entries(schema.properties ?? {});
  return Object.fromEntries(
    properties.map(([name, member]) => [name, exampleOfSchema(member, document, depth + 1)]),
  );
}

function ofType(schema: JsonSchema, document: OpenApiDocument, depth: number): unknown {
  const type = typeof schema.type === 'object' ? schema.type[0] : schema.type;
  if (type === 'object' || schema.properties !== undefined) return ofObject(schema, document, depth);
  if (type === 'array')
    return schema.items === undefined ? [] : [exampleOfSchema(schema.items, document, depth + 1)];
  if (type === 'integer' || type === 'number') return schema.minimum ?? 0;
  if (type === 'boolean') return true;
  if (type === 'string') return BY_FORMAT[schema.format ?? ''] ?? 'string';
  return null;
}

/** A value of the schema's shape: its own example where it has one, else made from its types. */
export function exampleOfSchema(given: JsonSchema, document: OpenApiDocument, depth = 0): unknown {
  const { schema } = resolveSchema(given, document);
  const own = schema.example ?? schema.examples?.[0] ?? schema.const ?? schema.default ?? schema.enum?.[0];
  if (own !== undefined) return own;
  if (depth > MAX_DEPTH) return null;
  if (schema.allOf !== undefined) {
    const parts = schema.allOf.map((part) => exampleOfSchema(part, document, depth + 1));
    return Object.assign({}, ...parts) as unknown;
  }
  const alternative = (schema.oneOf ?? schema.anyOf)?.[0];
  if (alternative !== undefined) return exampleOfSchema(alternative, document, depth + 1);
  return ofType(schema, document, depth);
}

/** The example to show for a body: the one written for it, else one made from its schema. */
export function exampleOfContent(content: ApiContent[string], document: OpenApiDocument): unknown {
  const written = content.example ?? Object.values(content.examples ?? {})[0]?.value;
  if (written !== undefined) return written;
  return content.schema === undefined ? undefined : exampleOfSchema(content.schema, document);
}
