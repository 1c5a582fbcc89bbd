import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/shared/index.ts';
import { statusFrom, statusSchema, type StatusFacts } from '../../src/status/index.ts';

const FACTS: StatusFacts = {
  version: '0.1.0',
  processes: [{ role: 'api', state: 'running', startedAt: '2026-03-01T10:00:00.000Z', restarts: 0 }],
  database: { state: 'up', serverVersion: '16.2', answeredInMs: 2 },
  node: { state: 'up', network: 'mainnet', implementation: 'Bitcoin Core', tip: null },
  ledger: { state: 'leading', sequence: '0', headHash: null },
};

const health = (facts: Partial<StatusFacts>) => statusFrom({ ...FACTS, ...facts }, new ManualClock(0)).health;

describe('health', () => {
  it('is ok when everything runs, and the answer keeps its contract', () => {
    const status = statusFrom(FACTS, new ManualClock(Date.parse('2026-03-01T12:00:00Z')));
    expect(statusSchema.parse(status)).toEqual({
      ...FACTS,
      health: 'ok',
      observedAt: '2026-03-01T12:00:00.000Z',
    });
  });

  it.each<[Partial<StatusFacts>]>([
    [{ processes: [{ role: 'api', state: 'starting', startedAt: null, restarts: 1 }] }],
    [{ processes: [{ role: 'signer', state: 'unreachable', startedAt: null, restarts: 0 }] }],
    [{ node: { ...FACTS.node, state: 'stale' } }],
    [{ node: { ...FACTS.node, state: 'down' } }],
    [{ ledger: { ...FACTS.ledger, state: 'replaying' } }],
  ])('is degraded by %j', (facts) => {
    expect(health(facts)).toBe('degraded');
  });

  it.each<[Partial<StatusFacts>]>([
    [{ database: { ...FACTS.database, state: 'down' } }],
    [{ ledger: { ...FACTS.ledger, state: 'down' } }],
  ])('is down with %j', (facts) => {
    expect(health(facts)).toBe('down');
  });
});
