import { expect, it } from 'vitest';
import { useBank } from '../identity/support/bank.ts';
import { fuzzApi } from './support/fuzz-api.ts';

const first = Number(process.env['TRILOCK_SEED'] ?? 1_000);
const count = Number(process.env['TRILOCK_SEEDS'] ?? 400);
const bank = useBank({ withLedger: true });

it(`no operation of the API fails inside at ${count} spoilt requests each, from seed ${first}`, async () => {
  const { shots, succeeded, codes } = await fuzzApi(bank(), first, count);
  process.stdout.write(`API: ${shots} requests, ${succeeded} served, ${codes.size} codes\n`);
  expect(shots).toBeGreaterThan(50 * count);
});
