import { resolveSchema, type JsonSchema, type OpenApiDocument } from './openapi-document.ts';

function alternativesOf(schema: JsonSchema): readonly JsonSchema[] {
  return schema.oneOf ?? schema.anyOf ?? [];
}

/** The type of a schema in a few words: `string (date-time)`, `array of Event`, `Tip or null`. */
export function typeInWords(given: JsonSchema, document: OpenApiDocument): string {
  const { schema, name } = resolveSchema(given, document);
  if (name !== null) return name;
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0) return alternatives.map((one) => typeInWords(one, document)).join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (typeof schema.type === 'object') return schema.type.join(' or ');
  if (schema.type === 'array')
    return `array of ${schema.items ? typeInWords(schema.items, document) : 'anything'}`;
  const type = schema.type ?? (schema.properties === undefined ? 'anything' : 'object');
  return schema.format === undefined ? type : `${type} (${schema.format})`;
}

function range(low: number | undefined, high: number | undefined, what: string): string[] {
  // JavaScript's own integer limits say nothing to a reader.
  const from = low === undefined || low <= Number.MIN_SAFE_INTEGER ? undefined : low;
  const to = high === undefined || high >= Number.MAX_SAFE_INTEGER ? undefined : high;
  if (from === undefined && to === undefined) return [];
  if (from !== undefined && to !== undefined)
    return [from === to ? `${from}${what}` : `${from} to ${to}${what}`];
  return [from === undefined ? `at most ${to ?? ''}${what}` : `at least ${from}${what}`];
}

/** What else a value must fulfil, each in words. */
export function constraintsOf(schema: JsonSchema): readonly string[] {
  return [
    ...range(schema.minimum, schema.maximum, ''),
    ...range(schema.minLength, schema.maxLength, ' characters'),
    ...range(schema.minItems, schema.maxItems, ' items'),
    ...(schema.pattern === undefined || schema.format !== undefined ? [] : [`matches ${schema.pattern}`]),
    ...(schema.default === undefined ? [] : [`default ${JSON.stringify(schema.default)}`]),
  ];
}

export interface SchemaMember {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/**
 * The members to list below a value of this schema: an object's properties, or those of an array's items, of
 * the first alternative that has any, or of all parts of an `allOf`.
 */
export function membersOf(given: JsonSchema, document: OpenApiDocument): readonly SchemaMember[] {
  const { schema } = resolveSchema(given, document);
  if (schema.items !== undefined) return membersOf(schema.items, document);
  if (schema.allOf !== undefined) return schema.allOf.flatMap((part) => membersOf(part, document));
  const own = Object.entries(schema.properties ?? {}).map(([name, member]) => ({
    name,
    schema: member,
    required: schema.required?.includes(name) ?? false,
  }));
  if (own.length > 0) return own;
  for (const alternative of alternativesOf(schema)) {
    const members = membersOf(alternative, document);
    if (members.length > 0) return members;
  }
  return [];
}
