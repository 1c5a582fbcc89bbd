import { expect, test } from 'vitest';
import {
  decide,
  LEGAL_HOLD_COMMANDS,
  LEGAL_HOLD_STATES,
  type LegalHoldCommand,
  type LegalHoldState,
} from '../../src/legal/legal-hold.ts';

const ALLOWED: Readonly<Record<string, LegalHoldState>> = {
  'holding hold': 'held',
  'holding lift': 'lifting',
  'held lift': 'lifting',
  'lifting let_go': 'lifted',
};

function next(state: LegalHoldState, command: LegalHoldCommand): string {
  try {
    return decide(state, command);
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
}

test.each(
  LEGAL_HOLD_STATES.flatMap((state) => LEGAL_HOLD_COMMANDS.map((command) => [state, command] as const)),
)('a hold that is %s: %s', (state, command) => {
  expect(next(state, command)).toBe(ALLOWED[`${state} ${command}`] ?? 'legal_hold_step_forbidden');
});
