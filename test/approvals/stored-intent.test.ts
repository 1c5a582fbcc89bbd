import { expect, test } from 'vitest';
import {
  decide,
  isSettled,
  requireKind,
  type StoredIntent,
  QUEUE_COMMANDS,
  QUEUE_STATES,
  QUEUE_TABLE,
  type QueueCommand,
  type QueueState,
} from '../../src/approvals/stored-intent.ts';
import { institution, NOW, withdrawalIntent } from '../fixtures/intents.ts';

const intent = withdrawalIntent(institution());
const OVER = Date.parse(intent.expiresAt);

function outcome(state: QueueState, command: QueueCommand, nowMs: number, quorumMet = true): string {
  try {
    return decide({ state, intent }, command, { nowMs, quorumMet });
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
}

/** Written out apart from the code, so that a cell that changes there is noticed here. */
const ALLOWED = [
  'draft sign open',
  'draft cancel cancelled',
  'draft expire expired',
  'open approve approved',
  'open reject rejected',
  'open cancel cancelled',
  'open expire expired',
  'open void open',
  'approved reject rejected',
  'approved cancel cancelled',
  'approved expire expired',
  'approved execute executed',
  'approved void open',
  'executed recall approved',
];

test('the table holds these cells and no others', () => {
  const found = QUEUE_STATES.flatMap((state) =>
    Object.entries(QUEUE_TABLE[state]).map(([command, next]) => `${state} ${command} ${next}`),
  );
  expect(found.sort()).toEqual([...ALLOWED].sort());
});

const cells = QUEUE_STATES.flatMap((state) =>
  QUEUE_COMMANDS.map((command) => {
    const row: Partial<Record<QueueCommand, QueueState>> = QUEUE_TABLE[state];
    return { state, command, next: row[command] };
  }),
);

test.each(cells)('$state, $command: $next', ({ state, command, next }) => {
  const refusal = state === 'draft' ? 'queued_intent_not_signed' : 'queued_intent_settled';
  const inTime = command === 'expire' ? 'queued_intent_settled' : next;
  const late = ['sign', 'approve', 'execute'].includes(command) ? 'queued_intent_settled' : next;
  expect(outcome(state, command, NOW)).toBe(next === undefined ? refusal : inTime);
  expect(outcome(state, command, OVER)).toBe(next === undefined ? refusal : late);
});

test('an approval short of the quorum changes nothing', () => {
  expect(outcome('open', 'approve', NOW, false)).toBe('open');
});

test('only an approval waits for the quorum', () => {
  for (const cell of ALLOWED) {
    const [state, command, next] = cell.split(' ') as [QueueState, QueueCommand, QueueState];
    if (command === 'approve') continue;
    expect(outcome(state, command, command === 'expire' ? OVER : NOW, false)).toBe(next);
  }
});

test('what is executed or has ended is settled', () => {
  expect(QUEUE_STATES.filter(isSettled)).toEqual(['executed', 'rejected', 'cancelled', 'expired']);
});

test('an intent is of the kind that is asked for', () => {
  const stored = { id: intent.id, intent } as unknown as StoredIntent;
  expect(requireKind(stored, 'withdrawal').intent).toBe(intent);
  expect(() => requireKind(stored, 'release')).toThrow(
    expect.objectContaining({ code: 'queued_intent_damaged' }) as Error,
  );
});
