import { test } from 'vitest';
import { dieAtEveryEffect, useCrashingHouse } from './support/crashes.ts';

useCrashingHouse();

test('killed before any effect, a withdrawal is paid exactly once and the books balance', async () => {
  await dieAtEveryEffect('before');
});
