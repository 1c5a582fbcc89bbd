import { join } from 'node:path';
import { defineConfig } from 'prisma/config';

/** For Prisma's own tools. Migrations are applied by `trilock migrate`, which needs no downloaded engine. */
export default defineConfig({
  schema: join(import.meta.dirname, 'app', 'schema'),
  migrations: { path: join(import.meta.dirname, 'app', 'migrations') },
});
