import { describe, expect, test } from 'vitest';
import {
  beginStep,
  decideDeposit,
  DEPOSIT_STATES,
  DEPOSIT_STEPS,
  nextDepositState,
  QUARANTINE_REASONS,
  type Deposit,
  type DepositState,
  type DepositStep,
} from '../../src/deposits/deposit.ts';
import { newId, satoshis } from '../../src/shared/index.ts';

/** Said again, by hand: what each step makes of each state. What is not here is forbidden. */
const ALLOWED: Readonly<Record<string, DepositState>> = {
  'detected hold': 'confirming',
  'detected set_apart': 'quarantined',
  'confirming credit': 'credited',
  'confirming quarantine': 'quarantined',
  'confirming drop': 'dropped',
  'credited reverse': 'reversed',
  'quarantined unquarantine': 'dropped',
  'quarantined release': 'credited',
  'dropped hold': 'confirming',
  'dropped set_apart': 'quarantined',
  'reversed recredit': 'credited',
  'reversed set_apart': 'quarantined',
};

const cells = DEPOSIT_STATES.flatMap((state) => DEPOSIT_STEPS.map((step) => ({ state, step })));

function deposit(change: Partial<Deposit>): Deposit {
  return {
    ...{ id: newId('deposit'), txid: 'aa'.repeat(32), vout: 0, walletId: newId('wallet') },
    ...{ addressId: newId('address'), address: 'bcrt1', customerId: newId('customer'), balance: 'vault' },
    ...{ satoshis: satoshis(5_000n), coinbase: false, block: null, cycle: 1, state: 'detected', version: 1 },
    ...{
      booked: null,
      begun: null,
      refusals: 0,
      refusal: null,
      holdTry: 0,
      settleTry: 0,
      quarantine: null,
      releaseIntent: null,
    },
    ...{ detectedAt: new Date(0), creditedAt: null },
    ...change,
  };
}

const HERE = { height: 100, hash: 'bb'.repeat(32), creditHeight: 102 };
const BEFORE = 'cc'.repeat(32);

/** Everything that chain and books can say of a deposit in a state. */
function situations(state: DepositState): { deposit: Deposit; tip: number; name: string }[] {
  const blocks = [null, HERE];
  const isBooked = state !== 'detected' && state !== 'dropped';
  const bookings = isBooked ? [1, 2] : [null];
  const reasons = state === 'credited' ? [null] : [null, ...QUARANTINE_REASONS];
  return blocks.flatMap((block) =>
    bookings.flatMap((cycle) =>
      reasons.flatMap((quarantine) =>
        [100, 101, 102, 103].map((tip) => ({
          tip,
          name: `${block === null ? 'gone' : 'there'}, booked ${cycle}, ${quarantine}, tip ${tip}`,
          deposit: deposit({
            ...{ state, block, cycle: 2, quarantine },
            booked: cycle === null ? null : { cycle, blockHash: cycle === 2 ? HERE.hash : BEFORE },
          }),
        })),
      ),
    ),
  );
}

describe('the state table, every cell', () => {
  test.each(cells)('$state, $step', ({ state, step }) => {
    const expected = ALLOWED[`${state} ${step}`];
    if (expected !== undefined) {
      expect(nextDepositState(state, step)).toBe(expected);
      return;
    }
    expect(() => nextDepositState(state, step)).toThrow(
      expect.objectContaining({ code: 'deposit_step_forbidden', details: { state, step } }),
    );
  });
});

describe('the decision, in every situation', () => {
  test.each(DEPOSIT_STATES)('%s: only steps that are allowed, about the right inclusion', (state) => {
    for (const { deposit: each, tip, name } of situations(state)) {
      const step = decideDeposit(each, tip);
      if (step === null) continue;
      expect(ALLOWED[`${state} ${step}`], name).toBeDefined();
      const undoes: DepositStep[] = ['drop', 'reverse', 'unquarantine'];
      const about = beginStep(each, step);
      expect(about.blockHash, name).toBe(undoes.includes(step) ? each.booked?.blockHash : HERE.hash);
    }
  });

  test('nothing reaches a balance that is not in a block, not deep enough, or set aside', () => {
    for (const state of DEPOSIT_STATES) {
      for (const { deposit: each, tip, name } of situations(state)) {
        const step = decideDeposit(each, tip);
        if (step !== 'credit' && step !== 'recredit' && step !== 'release') continue;
        expect(each.block, name).not.toBeNull();
        expect(tip, name).toBeGreaterThanOrEqual(HERE.creditHeight);
        expect(each.quarantine, name).toBeNull();
      }
    }
  });

  test('whatever left the chain, or is there in another block, is undone first', () => {
    const expected = { confirming: 'drop', credited: 'reverse', quarantined: 'unquarantine' } as const;
    for (const [state, step] of Object.entries(expected)) {
      for (const { deposit: each, tip, name } of situations(state as DepositState)) {
        if (each.block !== null && each.booked?.cycle === each.cycle) continue;
        expect(decideDeposit(each, tip), name).toBe(step);
      }
    }
  });

  test('a step about no inclusion is refused', () => {
    expect(() => beginStep(deposit({}), 'hold')).toThrow(/no inclusion/);
    expect(() => beginStep(deposit({ block: HERE }), 'reverse')).toThrow(/no inclusion/);
  });
});
