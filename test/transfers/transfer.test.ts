import { expect, it } from 'vitest';
import { decide, TRANSFER_TABLE } from '../../src/transfers/transfer.ts';

it.each([
  ['requested', 'complete', 'completed'],
  ['requested', 'refuse', 'refused'],
  ['completed', 'complete', null],
  ['completed', 'refuse', null],
  ['refused', 'complete', null],
  ['refused', 'refuse', null],
] as const)('%s, told to %s: %s', (state, command, next) => {
  expect(decide(state, command)).toBe(next);
});

it('knows no other states', () => {
  expect(Object.keys(TRANSFER_TABLE)).toEqual(['requested', 'completed', 'refused']);
});
