import { expect } from 'vitest';
import { KeyringError, type KeyringErrorCode } from '../../src/keyring/index.ts';

/** The KeyringError that `action` ends with; fails the test when it ends well or with anything else. */
export async function expectRefusal(code: KeyringErrorCode, action: () => unknown): Promise<KeyringError> {
  try {
    await action();
  } catch (thrown) {
    if (!(thrown instanceof KeyringError)) throw thrown;
    expect(thrown.code).toBe(code);
    return thrown;
  }
  throw new Error(`nothing was refused, ${code} was due`);
}

/** The code of the refusal that `action` ends with, or `accepted`. */
export function refusalCode(action: () => unknown): string {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof KeyringError) return thrown.code;
    throw thrown;
  }
  return 'accepted';
}
