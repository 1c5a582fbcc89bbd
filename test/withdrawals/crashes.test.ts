import { test } from 'vitest';
import { dieAtEveryEffect, useCrashingHouse } from './support/crashes.ts';

useCrashingHouse();

test('killed after any effect, before it is written down, a withdrawal is paid exactly once and the books balance', async () => {
  await dieAtEveryEffect('after');
});
