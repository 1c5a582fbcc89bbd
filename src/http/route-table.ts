import assert from 'node:assert';
import type { BoundOperation } from './bind.ts';
import type { OperationShape } from './operation-contract.ts';
import type { ErrorMap } from './problem.ts';

const PARAMETER = /\{([a-zA-Z]+)\}/g;

function checkOne(operation: OperationShape, errorMap: ErrorMap): void {
  const name = operation.operationId;
  // Types already say so; a cast or a JavaScript caller must not open a route either.
  const access = operation.access as OperationShape['access'] | undefined;
  assert(access !== undefined, `${name} has no access rule`);
  assert(access.kind === 'public' || access.roles.length > 0, `${name} admits no role`);
  assert(access.kind !== 'public' || access.reason.length > 0, `${name} is public without a reason`);
  assert(
    (operation.method === 'post') === (operation.idempotency !== undefined),
    `${name}: a POST, and nothing else, says how it is kept from acting twice`,
  );
  assert(operation.method !== 'get' || operation.body === undefined, `${name}: a GET takes no body`);
  const inPath = [...operation.path.matchAll(PARAMETER)].map((match) => match[1]).sort();
  const declared = Object.keys(operation.params?.shape ?? {}).sort();
  assert.deepEqual(declared, inPath, `${name}: the path and its parameters differ`);
  for (const code of operation.errors) {
    assert(Object.hasOwn(errorMap, code), `${name}: the error map lacks ${code}`);
  }
}

/**
 * Checks every operation before anything is served: an access rule, an idempotency rule for every POST, a
 * mapped error code, one handler per route. @throws AssertionError naming the operation.
 */
export function checkRouteTable(bound: readonly BoundOperation[], errorMap: ErrorMap): void {
  const routes = new Set<string>();
  const names = new Set<string>();
  for (const { operation, once } of bound) {
    checkOne(operation, errorMap);
    assert(
      once === (operation.idempotency === 'key'),
      `${operation.operationId}: bound by the wrong function`,
    );
    const route = `${operation.method} ${operation.path.replaceAll(PARAMETER, '{}')}`;
    assert(!routes.has(route), `two operations serve ${route}`);
    assert(!names.has(operation.operationId), `two operations are called ${operation.operationId}`);
    routes.add(route);
    names.add(operation.operationId);
  }
}

/** Fixed path segments before parameters, so that `/sessions/current` is not taken for an id. */
export function bySpecificity(a: BoundOperation, b: BoundOperation): number {
  const rank = ({ operation }: BoundOperation): string => operation.path.replaceAll(PARAMETER, '~');
  return rank(a) < rank(b) ? -1 : 1;
}

/** `/v1/wallets/{walletId}` → `/v1/wallets/:walletId`. */
export function expressPath(path: string): string {
  return path.replaceAll(PARAMETER, ':$1');
}
