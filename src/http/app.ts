import assert from 'node:assert';
import { performance } from 'node:perf_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { newId, parseId, type RequestId } from '../shared/index.ts';
import type { BoundOperation } from './bind.ts';
import { healthRoutes, type ReadinessChecks } from './health.ts';
import { withRequestId, type Log } from './log.ts';
import type { HttpMetrics } from './metrics.ts';
import { openApiDocument, type OpenApiInfo } from './openapi.ts';
import type { WebhookMessage } from './operation-contract.ts';
import { serve, type PipelineParts, type ResponseNotes } from './pipeline.ts';
import { HttpError, toProblem } from './problem.ts';
import { bySpecificity, checkRouteTable, expressPath } from './route-table.ts';
import { securityHeaders } from './security-headers.ts';
import { sendProblem } from './send-reply.ts';

/** What serves pages below a path; it sets its own content security policy. */
export interface PageMount {
  readonly path: string;
  readonly handle: (
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ) => void;
}

export interface ApiOptions extends PipelineParts {
  /** The operations of every context, bound to their handlers. */
  readonly operations: readonly BoundOperation[];
  /** Messages that webhooks get, for the documentation. */
  readonly webhooks?: readonly WebhookMessage[];
  readonly info: OpenApiInfo;
  readonly log: Log;
  readonly metrics: HttpMetrics;
  readonly readiness: ReadinessChecks;
  readonly pages?: readonly PageMount[];
  /**
   * Addresses (or `loopback`, or CIDR blocks) of proxies whose `X-Forwarded-For` is believed; none unless told.
   */
  readonly trustedProxies?: readonly string[];
  /** Header in which a trusted gateway hands down request ids; none unless told. */
  readonly requestIdHeader?: string;
}

export interface Api {
  readonly app: Express;
  readonly document: Readonly<Record<string, unknown>>;
  /** From now on `/readyz` refuses and connections are closed after their answer. */
  drain(): void;
  readonly isDraining: () => boolean;
}

function requestIdOf(request: IncomingMessage, header: string | undefined): RequestId {
  const given = header === undefined ? undefined : request.headers[header.toLowerCase()];
  if (typeof given === 'string') {
    try {
      return parseId('request', given);
    } catch {
      // A gateway that sends something else is misconfigured; our own id serves.
    }
  }
  return newId('request');
}

/** Gives the request its id, and writes its one log line and its measurements when it is over. */
function observe(options: ApiOptions, isDraining: () => boolean): RequestHandler {
  return (request, response, next) => {
    const begun = performance.now();
    const requestId = requestIdOf(request, options.requestIdHeader);
    const notes = response.locals as ResponseNotes;
    notes.requestId = requestId;
    response.set('x-request-id', requestId);
    if (isDraining()) response.set('connection', 'close');
    options.metrics.started();
    response.once('close', () => {
      const durationMs = performance.now() - begun;
      const operationId = notes.operationId ?? 'none';
      options.metrics.finished(operationId, response.statusCode, durationMs / 1000);
      if (notes.code !== undefined) options.metrics.refused(notes.code);
      withRequestId(requestId, () =>
        options.log.info('request', {
          operationId,
          method: request.method,
          status: response.statusCode,
          durationMs: Math.round(durationMs * 10) / 10,
          clientAddress: request.ip ?? 'unknown',
          ...(notes.route === undefined ? {} : { route: notes.route }),
          ...(notes.principal === undefined ? {} : { principal: notes.principal }),
          ...(notes.code === undefined ? {} : { code: notes.code }),
        }),
      );
    });
    withRequestId(requestId, next);
  };
}

/** Express marks what is wrong with the request itself (a broken `%` escape) with a status. */
function isRequestFault(thrown: unknown): boolean {
  return (
    thrown instanceof URIError || (thrown instanceof Error && 'status' in thrown && thrown.status === 400)
  );
}

function answerErrors(options: ApiOptions): ErrorRequestHandler {
  // Express tells error handlers by their four parameters.
  return (thrown: unknown, request, response, _next) => {
    const notes = response.locals as ResponseNotes;
    const error = isRequestFault(thrown)
      ? new HttpError('request_malformed', 'The path is not correctly encoded.')
      : thrown;
    const problem = toProblem(error, options.errorMap, notes.requestId);
    notes.code = problem.body.code;
    if (problem.status >= 500) options.log.error('request failed', { code: problem.body.code, error });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    sendProblem(request, response, problem);
  };
}

function mountOperations(app: Express, options: ApiOptions, operations: readonly BoundOperation[]): void {
  for (const bound of [...operations].sort(bySpecificity)) {
    const { operation } = bound;
    app[operation.method](expressPath(operation.path), async (request, response) => {
      const notes = response.locals as ResponseNotes;
      notes.operationId = operation.operationId;
      notes.route = operation.path;
      await serve(options, bound, request, response);
    });
  }
  const methods = new Map<string, string[]>();
  for (const { operation } of operations) {
    const path = expressPath(operation.path);
    methods.set(path, [...(methods.get(path) ?? []), operation.method.toUpperCase()]);
  }
  for (const [path, allowed] of methods) {
    if (allowed.includes('GET')) allowed.push('HEAD');
    app.all(path, () => {
      throw new HttpError('method_not_allowed', `This path takes ${allowed.join(', ')}.`, {
        headers: { allow: allowed.join(', ') },
      });
    });
  }
}

/**
 * Composes the HTTP application of a process: every operation under its checks, the OpenAPI document at
 * `/v1/openapi.json`, health, pages, and problem details for all the rest. @throws AssertionError when an
 * operation lacks a rule (see `checkRouteTable`).
 */
export function createApi(options: ApiOptions): Api {
  let draining = false;
  const isDraining = (): boolean => draining;
  const operations = [...healthRoutes(options.readiness, isDraining, options.log), ...options.operations];
  checkRouteTable(operations, options.errorMap);
  assert(
    options.idempotency !== null || operations.every(({ once }) => !once),
    'keyed operations need an idempotency store',
  );
  assert(
    options.authenticator !== null || operations.every(({ operation }) => operation.access.kind === 'public'),
    'operations with roles need an authenticator',
  );
  const document = openApiDocument(
    operations.map(({ operation }) => operation),
    options.webhooks ?? [],
    options.errorMap,
    options.info,
  );
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('strict routing').enable('case sensitive routing');
  app.set('trust proxy', options.trustedProxies ?? false);
  app.set('query parser', false);
  app.use(observe(options, isDraining), ...securityHeaders());
  const documentText = JSON.stringify(document);
  app.get('/v1/openapi.json', (_request, response) => {
    response.set('content-type', 'application/json; charset=utf-8').end(documentText);
  });
  mountOperations(app, options, operations);
  for (const page of options.pages ?? []) app.use(page.path, page.handle);
  app.use(() => {
    throw new HttpError('route_unknown', 'There is nothing at this path.');
  });
  app.use(answerErrors(options));
  return {
    app,
    document,
    drain: () => {
      draining = true;
    },
    isDraining,
  };
}
