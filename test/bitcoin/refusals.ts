import { expect } from 'vitest';
import { BitcoinError, type BitcoinErrorCode } from '../../src/bitcoin/index.ts';

/** The BitcoinError that `action` throws; fails the test when it throws nothing or anything else. */
export function refusal(action: () => unknown): BitcoinError {
  try {
    action();
  } catch (error) {
    if (error instanceof BitcoinError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

export function expectRefusal(code: BitcoinErrorCode, action: () => unknown): BitcoinError {
  const error = refusal(action);
  expect(error.code).toBe(code);
  return error;
}
