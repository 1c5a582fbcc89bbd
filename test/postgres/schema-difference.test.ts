import { expect, test } from 'vitest';
import { schemaDifference } from '../../src/postgres/index.ts';
import { testServer } from './test-database.ts';

test('the migrations of app make exactly what prisma/app/schema describes', async () => {
  const { superuser } = await testServer();
  expect(await schemaDifference(superuser), 'run npm run migrate:draft').toBe('');
});
