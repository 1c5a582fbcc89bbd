import { expect, test } from 'vitest';
import { DomainError, ManualClock, describeError, isoTime, systemClock } from '../../src/shared/index.ts';

class ExampleError extends DomainError<'one' | 'two'> {}

test('an error carries code, public text, details and its cause, under its own name', () => {
  const cause = new Error('below');
  const error = new ExampleError('one', 'Public.', { details: { n: 1 }, internal: 'private', cause });
  expect(error).toMatchObject({ name: 'ExampleError', code: 'one', message: 'Public.', details: { n: 1 } });
  expect(error.cause).toBe(cause);
  expect(error.retryable).toBe(false);
  expect(String(error)).not.toContain('private');
  expect(new ExampleError('two', 'Other.').details).toEqual({});
});

test('anything thrown has a text', () => {
  expect(describeError(new Error('a'))).toBe('a');
  expect(describeError('b')).toBe('b');
  expect(describeError(undefined)).toBe('undefined');
});

test('a manual clock stands still until told, and may jump back', () => {
  const clock = new ManualClock(1_000);
  expect([clock.nowMs(), clock.nowMs()]).toEqual([1_000, 1_000]);
  clock.advance(-500);
  expect(isoTime(clock.nowMs())).toBe('1970-01-01T00:00:00.500Z');
  expect(Number.isSafeInteger(systemClock.nowMs())).toBe(true);
});
