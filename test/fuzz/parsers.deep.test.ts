import { expect, it } from 'vitest';
import { fuzzParsers } from './support/fuzz-parsers.ts';

const first = Number(process.env['TRILOCK_SEED'] ?? 100_000);
const count = Number(process.env['TRILOCK_SEEDS'] ?? 20_000);

it(`every parser answers ${count} spoilt documents, from seed ${first}, with a closed error or a reading`, async () => {
  const { cases, accepted, codes, kept } = await fuzzParsers(first, count);
  process.stdout.write(
    `parsers: ${cases} cases, ${accepted} readable, ${codes.size} codes, ${kept} bytes kept\n`,
  );
  expect(kept).toBeLessThan(32 * 1024 * 1024);
});
