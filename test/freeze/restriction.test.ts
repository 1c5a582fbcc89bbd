import { describe, expect, it, test } from 'vitest';
import {
  decide,
  forbidden,
  RESTRICTION_COMMANDS,
  RESTRICTION_TABLES,
  type RestrictionCommand,
} from '../../src/freeze/restriction.ts';
import {
  FUNCTIONS,
  RESTRICTION_KINDS,
  RESTRICTION_STATES,
  type RestrictionState,
} from '../../src/freeze/restriction-kinds-contract.ts';

/** Written out apart from the code: what a restriction may do, whatever its kind. */
const ALLOWED: readonly (readonly [RestrictionState, RestrictionCommand, RestrictionState])[] = [
  ['freezing', 'acknowledge', 'in_force'],
  ['in_force', 'release', 'releasing'],
  ['releasing', 'acknowledge', 'released'],
  ['releasing', 'refuse', 'in_force'],
];

describe.each(RESTRICTION_KINDS)('a %s', (kind) => {
  const cells = RESTRICTION_STATES.flatMap((state) =>
    RESTRICTION_COMMANDS.map((command) => [state, command] as const),
  );

  test.each(cells)('that is %s, told to %s', (state, command) => {
    const next = ALLOWED.find(([from, by]) => from === state && by === command)?.[2];
    if (next === undefined) {
      expect(() => decide({ kind, state }, command)).toThrow('cannot take this step');
    } else expect(decide({ kind, state }, command)).toBe(next);
  });

  it('is over only when it is released', () => {
    expect(Object.keys(RESTRICTION_TABLES[kind].table.released)).toEqual([]);
    for (const state of RESTRICTION_STATES) {
      const stops = forbidden([{ kind, state }]).size > 0;
      expect(stops).toBe(state !== 'released');
    }
  });
});

test('the strictest wins: one that is lifted changes nothing about another', () => {
  const both = forbidden([
    { kind: 'case', state: 'released' },
    { kind: 'whole_lock', state: 'in_force' },
  ]);
  expect([...both].sort()).toEqual([...FUNCTIONS].sort());
  expect(forbidden([]).size).toBe(0);
});
