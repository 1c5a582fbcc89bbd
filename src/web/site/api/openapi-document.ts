import { z } from 'zod';

/**
 * The parts of an OpenAPI 3.1 document that this page shows (https://spec.openapis.org/oas/v3.1.0). Members
 * it does not show are dropped. A schema is JSON Schema 2020-12, where `true` stands for "anything".
 */
export interface JsonSchema {
  readonly $ref?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly format?: string | undefined;
  readonly pattern?: string | undefined;
  readonly const?: unknown;
  readonly default?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly examples?: readonly unknown[] | undefined;
  readonly example?: unknown;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: JsonSchema | undefined;
  readonly additionalProperties?: JsonSchema | boolean | undefined;
  readonly anyOf?: readonly JsonSchema[] | undefined;
  readonly oneOf?: readonly JsonSchema[] | undefined;
  readonly allOf?: readonly JsonSchema[] | undefined;
}

const optionalText = z.string().optional();
const optionalCount = z.number().optional();

const schemaSchema: z.ZodType<JsonSchema> = z.lazy(() =>
  z.preprocess(
    (value) => (value === true ? {} : value),
    z.object({
      $ref: optionalText,
      type: z.union([z.string(), z.array(z.string())]).optional(),
      title: optionalText,
      description: optionalText,
      format: optionalText,
      pattern: optionalText,
      const: z.unknown().optional(),
      default: z.unknown().optional(),
      enum: z.array(z.unknown()).optional(),
      examples: z.array(z.unknown()).optional(),
      example: z.unknown().optional(),
      minimum: optionalCount,
      maximum: optionalCount,
      minLength: optionalCount,
      maxLength: optionalCount,
      minItems: optionalCount,
      maxItems: optionalCount,
      properties: z.record(z.string(), schemaSchema).optional(),
      required: z.array(z.string()).optional(),
      items: schemaSchema.optional(),
      additionalProperties: z.union([z.boolean(), schemaSchema]).optional(),
      anyOf: z.array(schemaSchema).optional(),
      oneOf: z.array(schemaSchema).optional(),
      allOf: z.array(schemaSchema).optional(),
    }),
  ),
);

const exampleSchema = z.object({ summary: optionalText, value: z.unknown().optional() });

const contentSchema = z.record(
  z.string(),
  z.object({
    schema: schemaSchema.optional(),
    example: z.unknown().optional(),
    examples: z.record(z.string(), exampleSchema).optional(),
  }),
);

const parameterSchema = z.object({
  $ref: optionalText,
  name: z.string().default(''),
  in: z.string().default(''),
  required: z.boolean().default(false),
  description: optionalText,
  schema: schemaSchema.optional(),
  example: z.unknown().optional(),
});

const responseSchema = z.object({
  $ref: optionalText,
  description: z.string().default(''),
  headers: z
    .record(z.string(), z.object({ description: optionalText, schema: schemaSchema.optional() }))
    .optional(),
  content: contentSchema.optional(),
});

const bodySchema = z.object({
  description: optionalText,
  required: z.boolean().default(false),
  content: contentSchema.default({}),
});

const operationSchema = z.object({
  operationId: optionalText,
  summary: optionalText,
  description: optionalText,
  tags: z.array(z.string()).default([]),
  deprecated: z.boolean().default(false),
  parameters: z.array(parameterSchema).default([]),
  requestBody: bodySchema.optional(),
  responses: z.record(z.string(), responseSchema).default({}),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
});

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const pathItemSchema = z.object({
  parameters: z.array(parameterSchema).default([]),
  ...(Object.fromEntries(METHODS.map((method) => [method, operationSchema.optional()])) as Record<
    (typeof METHODS)[number],
    z.ZodOptional<typeof operationSchema>
  >),
});

export const openApiDocumentSchema = z.object({
  openapi: z.string(),
  info: z.object({ title: z.string(), version: z.string(), description: optionalText }),
  tags: z.array(z.object({ name: z.string(), description: optionalText })).default([]),
  paths: z.record(z.string(), pathItemSchema).default({}),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  components: z
    .object({
      schemas: z.record(z.string(), schemaSchema).default({}),
      parameters: z.record(z.string(), parameterSchema).default({}),
      responses: z.record(z.string(), responseSchema).default({}),
    })
    .default({ schemas: {}, parameters: {}, responses: {} }),
});

export type OpenApiDocument = z.infer<typeof openApiDocumentSchema>;
export type ApiContent = z.infer<typeof contentSchema>;
export type ApiParameter = z.infer<typeof parameterSchema>;
export type ApiBody = z.infer<typeof bodySchema>;
type ApiMethod = (typeof METHODS)[number];
export type ApiResponse = z.infer<typeof responseSchema>;

/** One operation with all references of its own level resolved. */
export interface ApiOperation {
  readonly key: string;
  readonly method: ApiMethod;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly tag: string;
  readonly deprecated: boolean;
  readonly parameters: readonly ApiParameter[];
  readonly body: ApiBody | undefined;
  readonly responses: readonly (readonly [status: string, response: ApiResponse])[];
  /** Names of the security schemes, any of which suffices; empty when none is asked for. */
  readonly security: readonly string[];
}

function resolve<Part extends { readonly $ref?: string | undefined }>(
  part: Part,
  components: Readonly<Record<string, Part>>,
): Part {
  const name = part.$ref?.split('/').at(-1);
  return (name === undefined ? undefined : components[name]) ?? part;
}

/** All operations in the order of the document. */
export function operationsOf(document: OpenApiDocument): readonly ApiOperation[] {
  const { components } = document;
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (operation === undefined) return [];
      const security = operation.security ?? document.security ?? [];
      return {
        key: operation.operationId ?? `${method}${path.replace(/[^a-zA-Z0-9]+/g, '-')}`,
        method,
        path,
        summary: operation.summary ?? '',
        description: operation.description ?? '',
        tag: operation.tags[0] ?? 'Other',
        deprecated: operation.deprecated,
        parameters: [...item.parameters, ...operation.parameters].map((one) =>
          resolve(one, components.parameters),
        ),
        body: operation.requestBody,
        responses: Object.entries(operation.responses).map(
          ([status, response]) => [status, resolve(response, components.responses)] as const,
        ),
        security: security.flatMap((alternative) => Object.keys(alternative)),
      };
    }),
  );
}

/** The schema that a `#/components/schemas/…` reference names, with that name. */
export function resolveSchema(
  schema: JsonSchema,
  document: OpenApiDocument,
): { readonly schema: JsonSchema; readonly name: string | null } {
  const name = schema.$ref?.split('/').at(-1);
  if (name === undefined) return { schema, name: null };
  const target = document.components.schemas[name];
  return target === undefined ? { schema: {}, name } : { schema: target, name };
}
