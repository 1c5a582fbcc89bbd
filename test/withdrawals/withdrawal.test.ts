import { describe, expect, test } from 'vitest';
import {
  decide,
  hasEnded,
  WITHDRAWAL_COMMANDS,
  WITHDRAWAL_STATES,
  WITHDRAWAL_TABLE,
  type WithdrawalCommand,
  type WithdrawalFacts,
  type WithdrawalState,
} from '../../src/withdrawals/withdrawal.ts';

const FACTS: WithdrawalFacts = {
  intent: 'approved',
  signerAsked: false,
  revoked: false,
  abandoned: false,
  cooled: true,
};
/** What each command needs of the intent. */
const INTENT: Partial<Record<WithdrawalCommand, WithdrawalFacts['intent']>> = {
  screen: 'open',
  park: 'open',
  sign: 'executed',
  reject: 'rejected',
  cancel: 'cancelled',
  expire: 'expired',
};
const ENDS: readonly WithdrawalCommand[] = ['reject', 'cancel', 'expire', 'fail'];

function outcome(
  state: WithdrawalState,
  command: WithdrawalCommand,
  change: Partial<WithdrawalFacts & { presented: boolean }> = {},
): string {
  const { presented = false, ...facts } = change;
  try {
    return decide({ state, presented }, command, {
      ...FACTS,
      intent: INTENT[command] ?? 'approved',
      ...facts,
    });
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'withdrawal_step_forbidden', details: { state, command } });
    return 'forbidden';
  }
}

/** Written out apart from the code, so that a cell that changes there is noticed here. */
const ALLOWED: Readonly<Record<WithdrawalState, string>> = {
  requested: 'screen:screened fail:failed reject:rejected cancel:cancelled expire:expired',
  screened: 'queue:awaiting_approval quarantine:quarantined reject:rejected cancel:cancelled expire:expired',
  quarantined: 'release:screened reject:rejected cancel:cancelled expire:expired',
  awaiting_approval:
    'approve:approved quarantine:quarantined reject:rejected cancel:cancelled expire:expired',
  approved:
    'cool:cooling_off build:built park:awaiting_approval fail:failed reject:rejected cancel:cancelled expire:expired',
  cooling_off:
    'build:built park:awaiting_approval fail:failed reject:rejected cancel:cancelled expire:expired',
  built:
    'present:awaiting_cosigner unbuild:approved fail:failed reject:rejected cancel:cancelled expire:expired',
  awaiting_cosigner:
    'sign:platform_signed unbuild:approved fail:failed reject:rejected cancel:cancelled expire:expired',
  platform_signed: 'broadcast:broadcast conflict:replaced',
  broadcast: 'confirm:confirmed conflict:replaced',
  confirmed: 'unconfirm:broadcast',
  replaced: 'reinstate:broadcast',
  rejected: '',
  cancelled: '',
  expired: '',
  failed: '',
};

test.each(WITHDRAWAL_STATES)('%s takes these commands and no others', (state) => {
  const found = Object.entries(WITHDRAWAL_TABLE[state]).map(([command, next]) => `${command}:${next}`);
  expect(found.sort()).toEqual(ALLOWED[state].split(' ').filter(Boolean).sort());
});

const cells = WITHDRAWAL_STATES.flatMap((state) =>
  WITHDRAWAL_COMMANDS.map((command) => {
    const row: Partial<Record<WithdrawalCommand, WithdrawalState>> = WITHDRAWAL_TABLE[state];
    return { state, command, next: row[command] };
  }),
);

describe('the state table, every cell', () => {
  test.each(cells)('$state, $command: $next', ({ state, command, next }) => {
    expect(outcome(state, command)).toBe(next ?? 'forbidden');
  });

  test.each(cells.filter(({ command, next }) => next !== undefined && INTENT[command] !== undefined))(
    '$state does not take $command while its intent says otherwise',
    ({ state, command }) => {
      expect(outcome(state, command, { intent: 'draft' })).toBe('forbidden');
    },
  );

  test.each(cells.filter(({ command, next }) => next !== undefined && ENDS.includes(command)))(
    '$state ends by $command only when the signer has revoked what a cosigner may have signed',
    ({ state, command, next }) => {
      expect(outcome(state, command, { presented: true })).toBe('forbidden');
      expect(outcome(state, command, { signerAsked: true })).toBe('forbidden');
      expect(outcome(state, command, { presented: true, signerAsked: true, revoked: true })).toBe(next);
    },
  );
});

test('nothing is taken apart once the signer was asked, and nothing is built before it has cooled off', () => {
  for (const state of ['built', 'awaiting_cosigner'] as const) {
    expect(outcome(state, 'unbuild', { signerAsked: true })).toBe('forbidden');
  }
  expect(outcome('cooling_off', 'build', { cooled: false })).toBe('forbidden');
});

test('what cools off, or may be signed, still takes every other step', () => {
  for (const { state, command, next } of cells) {
    if (next === undefined) continue;
    if (command !== 'build') expect(outcome(state, command, { cooled: false })).toBe(next);
    if (!ENDS.includes(command)) expect(outcome(state, command, { presented: true })).toBe(next);
  }
});

test('four states are the end, and every state is reached from the first', () => {
  expect(WITHDRAWAL_STATES.filter(hasEnded)).toEqual(['rejected', 'cancelled', 'expired', 'failed']);
  const reached = new Set<WithdrawalState>(['requested']);
  for (const state of reached) for (const next of Object.values(WITHDRAWAL_TABLE[state])) reached.add(next);
  expect([...reached].sort()).toEqual([...WITHDRAWAL_STATES].sort());
});
