import { describe, expect, test } from 'vitest';
import type { QuorumRule } from '../../src/intents/index.ts';
import {
  DENIED,
  isAsStrict,
  NOTHING_MORE,
  strictest,
  type Requirement,
} from '../../src/policy/requirement.ts';

const quorum = (approvals: number, roles: QuorumRule['roles'], localApprovals = 0): QuorumRule => ({
  approvals,
  roles,
  localApprovals,
});
const asks = (delayMs: number, ...quorums: QuorumRule[]): Requirement => ({
  denied: false,
  quorums,
  delayMs,
});

const ONE = quorum(1, ['compliance']);
const TWO = quorum(2, ['compliance']);
const OFFICER = quorum(1, ['officer']);
const EITHER = quorum(1, ['compliance', 'officer']);

describe('asks for as much', () => {
  test.each<[Requirement, Requirement, boolean]>([
    [DENIED, DENIED, true],
    [DENIED, NOTHING_MORE, true],
    [NOTHING_MORE, DENIED, false],
    [NOTHING_MORE, NOTHING_MORE, true],
    [asks(1), NOTHING_MORE, true],
    [NOTHING_MORE, asks(1), false],
    [asks(2), asks(2), true],
    [asks(1), asks(2), false],
    [asks(0, TWO), asks(0, ONE), true],
    [asks(0, ONE), asks(0, TWO), false],
    [asks(0, ONE), asks(0, EITHER), true],
    [asks(0, EITHER), asks(0, ONE), false],
    [asks(0, OFFICER), asks(0, ONE), false],
    [asks(0, ONE, OFFICER), asks(0, OFFICER), true],
    [asks(0, ONE), asks(0, ONE, OFFICER), false],
    [asks(0, quorum(1, ['compliance'], 1)), asks(0, ONE), true],
    [asks(0, ONE), asks(0, quorum(1, ['compliance'], 1)), false],
    [asks(5, ONE), asks(1, TWO), false],
    [asks(0, TWO), asks(1, ONE), false],
  ])('%j than %j: %s', (one, other, expected) => {
    expect(isAsStrict(one, other)).toBe(expected);
  });
});

describe('together', () => {
  test('nothing asks for nothing more', () => {
    expect(strictest([])).toEqual(NOTHING_MORE);
    expect(strictest([NOTHING_MORE, NOTHING_MORE])).toEqual(NOTHING_MORE);
  });

  test('a denial denies, wherever it stands', () => {
    expect(strictest([NOTHING_MORE, DENIED])).toEqual(DENIED);
    expect(strictest([DENIED, asks(5, TWO)])).toEqual(DENIED);
  });

  test('the longest rest counts', () => {
    expect(strictest([asks(1), asks(5), asks(3)])).toEqual(asks(5));
  });

  test('quorums that another covers are left out, the others stand beside each other', () => {
    expect(strictest([asks(0, ONE), asks(0, TWO)])).toEqual(asks(0, TWO));
    expect(strictest([asks(0, TWO), asks(0, ONE)])).toEqual(asks(0, TWO));
    expect(strictest([asks(0, TWO), asks(0, TWO)])).toEqual(asks(0, TWO));
    expect(strictest([asks(0, ONE), asks(0, OFFICER)])).toEqual(asks(0, ONE, OFFICER));
    expect(strictest([asks(0, EITHER), asks(0, ONE), asks(0, OFFICER)])).toEqual(asks(0, ONE, OFFICER));
  });
});
