import { describe, expect, it, test } from 'vitest';
import { CUSTOMER_LOCKS, RESTRICTION_KINDS, type RestrictionKind } from '../../src/intents/index.ts';
import {
  decide,
  forbidden,
  frozenAccounts,
  RESTRICTION_COMMANDS,
  RESTRICTION_TABLES,
  type RestrictionCommand,
} from '../../src/freeze/restriction.ts';
import {
  FUNCTIONS,
  RESTRICTION_STATES,
  type RestrictedFunction,
  type RestrictionState,
} from '../../src/freeze/restriction-kinds-contract.ts';

type Cell = readonly [RestrictionState, RestrictionCommand, RestrictionState];

/** Written out apart from the code: what every restriction may do, */
const ALWAYS: readonly Cell[] = [
  ['freezing', 'acknowledge', 'in_force'],
  ['in_force', 'release', 'releasing'],
  ['releasing', 'acknowledge', 'released'],
  ['releasing', 'refuse', 'in_force'],
];
/** and what only those that customers impose on themselves. */
const BY_CUSTOMER: readonly Cell[] = [['in_force', 'unlock', 'releasing']];
/** A deep freeze may be refused by the signer, and its customer agrees before staff release it. */
const DEEP: readonly Cell[] = [
  ['freezing', 'refuse', 'released'],
  ['in_force', 'consent', 'in_force'],
];

/** What each takes away, likewise. */
const TAKEN: Readonly<Record<RestrictionKind, readonly RestrictedFunction[]>> = {
  whole_lock: ['withdraw', 'transfer', 'new_address', 'api', 'settings'],
  withdraw_lock: ['withdraw'],
  transfer_lock: ['transfer'],
  new_address_lock: ['new_address'],
  api_lock: ['api'],
  settings_lock: ['settings'],
  case: ['withdraw', 'transfer', 'new_address', 'settings'],
  deep_freeze: ['withdraw', 'transfer', 'new_address', 'api', 'settings'],
  closed: ['withdraw', 'transfer', 'new_address', 'api', 'settings'],
};

/** What is closed is closed for good, unless it turns out not to be empty. */
const FOR_GOOD: readonly Cell[] = [
  ['freezing', 'acknowledge', 'in_force'],
  ['freezing', 'refuse', 'released'],
];

function allowedTo(kind: RestrictionKind): readonly Cell[] {
  if (kind === 'closed') return FOR_GOOD;
  if (kind === 'deep_freeze') return [...ALWAYS, ...DEEP];
  return (CUSTOMER_LOCKS as readonly string[]).includes(kind) ? [...ALWAYS, ...BY_CUSTOMER] : ALWAYS;
}

describe.each(RESTRICTION_KINDS)('a %s', (kind) => {
  const cells = RESTRICTION_STATES.flatMap((state) =>
    RESTRICTION_COMMANDS.map((command) => [state, command] as const),
  );

  test.each(cells)('that is %s, told to %s', (state, command) => {
    const next = allowedTo(kind).find(([from, by]) => from === state && by === command)?.[2];
    if (next === undefined) {
      expect(() => decide({ kind, state }, command)).toThrow('cannot take this step');
    } else expect(decide({ kind, state }, command)).toBe(next);
  });

  it('takes away what it says until it is released, and is over then', () => {
    expect(Object.keys(RESTRICTION_TABLES[kind].table.released)).toEqual([]);
    for (const state of RESTRICTION_STATES) {
      const taken = [...forbidden([{ kind, state }])].sort();
      expect(taken).toEqual(state === 'released' ? [] : [...TAKEN[kind]].sort());
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

test('what two take away together is more than each: a spending balance bears no debit any more', () => {
  const locked = (...kinds: RestrictionKind[]) =>
    frozenAccounts(forbidden(kinds.map((kind) => ({ kind, state: 'in_force' as const }))));
  expect(locked('transfer_lock')).toEqual({ spending: false, vaults: false });
  expect(locked('withdraw_lock')).toEqual({ spending: false, vaults: true });
  expect(locked('withdraw_lock', 'transfer_lock')).toEqual({ spending: true, vaults: true });
  expect(locked('case')).toEqual({ spending: true, vaults: true });
  expect(locked('api_lock', 'settings_lock', 'new_address_lock')).toEqual({ spending: false, vaults: false });
});
