import type { ApiOperation, OpenApiDocument } from './openapi-document.ts';

export interface OperationGroup {
  readonly tag: string;
  readonly description: string;
  readonly operations: readonly ApiOperation[];
}

function textOf(operation: ApiOperation): string {
  const parameters = operation.parameters.map((parameter) => parameter.name);
  return [operation.method, operation.path, operation.summary, operation.key, operation.tag, ...parameters]
    .join(' ')
    .toLowerCase();
}

/** The operations in which every word of `search` occurs, by tag, in the order of the document's tags. */
export function findOperations(
  document: OpenApiDocument,
  operations: readonly ApiOperation[],
  search: string,
): readonly OperationGroup[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = operations.filter((operation) => {
    const text = textOf(operation);
    return words.every((word) => text.includes(word));
  });
  const tags = [
    ...new Set([...document.tags.map((tag) => tag.name), ...found.map((operation) => operation.tag)]),
  ];
  return tags
    .map((tag) => ({
      tag,
      description: document.tags.find((one) => one.name === tag)?.description ?? '',
      operations: found.filter((operation) => operation.tag === tag),
    }))
    .filter((group) => group.operations.length > 0);
}
