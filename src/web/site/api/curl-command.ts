import { exampleOfContent, exampleOfSchema } from './example-value.ts';
import type { ApiOperation, ApiParameter, OpenApiDocument } from './openapi-document.ts';

function valueOf(parameter: ApiParameter, document: OpenApiDocument): string {
  const value = parameter.example ?? (parameter.schema ? exampleOfSchema(parameter.schema, document) : null);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command for a POSIX shell that calls the operation, with required parameters and an example body. */
export function curlCommand(operation: ApiOperation, document: OpenApiDocument, origin: string): string {
  let path = operation.path;
  const query = new URLSearchParams();
  const headers: string[] = [];
  for (const parameter of operation.parameters) {
    const value = valueOf(parameter, document);
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (!parameter.required) continue;
    else if (parameter.in === 'query') query.set(parameter.name, value);
    else if (parameter.in === 'header') headers.push(`${parameter.name}: ${value}`);
  }
  const lines = [
    `curl ${operation.method === 'get' ? '' : `-X ${operation.method.toUpperCase()} `}${quote(
      `${origin}${path}${query.size === 0 ? '' : `?${query.toString()}`}`,
    )}`,
  ];
  const [mediaType, content] = Object.entries(operation.body?.content ?? {})[0] ?? [];
  if (mediaType !== undefined) headers.push(`content-type: ${mediaType}`);
  lines.push(...headers.map((header) => `-H ${quote(header)}`));
  if (content !== undefined)
    lines.push(`-d ${quote(JSON.stringify(exampleOfContent(content, document) ?? null))}`);
  return lines.join(' \\\n  ');
}
