// A process that deploys a folder of migrations of `app`, for the test that kills it half-way.
import { deployMigrations, type PostgresConfig } from '../../../src/postgres/index.ts';

const [config, folder] = process.argv.slice(2) as [string, string];
await deployMigrations(JSON.parse(config) as PostgresConfig, 'app', { folder });
