import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What the kit measures; `registry` is where other parts add theirs. */
export interface HttpMetrics {
  readonly registry: Registry;
  started(): void;
  finished(operationId: string, status: number, seconds: number): void;
  refused(code: string): void;
}

/** Buckets from a ledger read to a slow password hash, in seconds. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A registry of its own: nothing global, so that tests and processes do not mix. */
export function createHttpMetrics(): HttpMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const durations = new Histogram({
    name: 'trilock_http_request_duration_seconds',
    help: 'Time from the request line to the end of the answer',
    labelNames: ['operation', 'status'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const inFlight = new Gauge({
    name: 'trilock_http_requests_in_flight',
    help: 'Requests not yet answered',
    registers,
  });
  const refusals = new Counter({
    name: 'trilock_http_problems_total',
    help: 'Problem details sent, by code',
    labelNames: ['code'],
    registers,
  });
  return {
    registry,
    started: () => inFlight.inc(),
    finished: (operation, status, seconds) => {
      inFlight.dec();
      durations.observe({ operation, status: String(status) }, seconds);
    },
    refused: (code) => refusals.inc({ code }),
  };
}
