import { describe, expect, it, test } from 'vitest';
import { lastWindow, nextWindow, parseWeeklyWindows, windowToCome } from '../../src/shared/index.ts';

const weekly = parseWeeklyWindows('Mon-Fri 09:00-10:00,16:00-17:00; Sat 12:00-12:30');
/** A Friday. */
const at = (time: string): number => Date.parse(`2026-11-20T${time}:00Z`);
const opening = ({ opensAtMs }: { readonly opensAtMs: number }): string => new Date(opensAtMs).toISOString();

test('the last that has opened, the next that opens, and the one to come', () => {
  expect(opening(nextWindow(weekly, at('08:59')))).toBe('2026-11-20T09:00:00.000Z');
  expect(opening(lastWindow(weekly, at('08:59')))).toBe('2026-11-19T16:00:00.000Z');
  expect(windowToCome(weekly, at('09:00'))).toEqual({
    opensAtMs: at('09:00'),
    closesAtMs: at('10:00'),
  });
  expect(opening(nextWindow(weekly, at('09:00')))).toBe('2026-11-20T16:00:00.000Z');
  expect(opening(windowToCome(weekly, at('10:00')))).toBe('2026-11-20T16:00:00.000Z');
  expect(opening(windowToCome(weekly, at('17:00')))).toBe('2026-11-21T12:00:00.000Z');
  expect(opening(windowToCome(weekly, at('17:00') + 24 * 3_600_000))).toBe('2026-11-23T09:00:00.000Z');
});

test('around the turn of the week, and with one window a week', () => {
  const sunday = parseWeeklyWindows('Sun 23:00-24:00');
  const monday = Date.parse('2026-11-23T00:00:00Z');
  expect(opening(windowToCome(sunday, monday - 1))).toBe('2026-11-22T23:00:00.000Z');
  expect(opening(windowToCome(sunday, monday))).toBe('2026-11-29T23:00:00.000Z');
  expect(opening(lastWindow(sunday, monday))).toBe('2026-11-22T23:00:00.000Z');
  const over = parseWeeklyWindows('Sat-Mon 00:00-01:00');
  expect(over.windows.map(({ from }) => from)).toEqual([0, 5 * 1440, 6 * 1440]);
  expect(parseWeeklyWindows('Mon,Wed 09:00-10:00,10:00-11:00').windows).toHaveLength(4);
});

describe('what is no schedule is refused in words:', () => {
  it.each([
    ['', /not days and times/],
    ['Mon', /not days and times/],
    ['Mon-Fri 09:00-10:00 16:00-17:00', /not days and times/],
    ['mon 09:00-10:00', /“mon” is none of Mon/],
    ['Mon-Wed-Fri 09:00-10:00', /no range of days/],
    ['Mon 9:00-10:00', /no time of day/],
    ['Mon 09:00-24:30', /no time of day/],
    ['Mon 09:00', /not from one time to another/],
    ['Mon 22:00-02:00', /ends before it begins/],
    ['Mon 09:00-09:00', /ends before it begins/],
    ['Mon-Fri 09:00-10:00; Wed 09:30-11:00', /on Wed two overlap/],
  ])('%j', (text, reason) => {
    expect(() => parseWeeklyWindows(text)).toThrow(reason);
  });
});
