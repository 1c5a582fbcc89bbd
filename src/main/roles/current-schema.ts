import { SharedError } from '../../shared/index.ts';
import { migrationStatus, type DatabaseSchema, type PostgresConfig } from '../../postgres/index.ts';

/** A role does not run on tables of another version. @throws SharedError `config_invalid`. */
export async function requireCurrentSchema(config: PostgresConfig, schema: DatabaseSchema): Promise<void> {
  const { state } = await migrationStatus(config, schema);
  if (state !== 'current') {
    throw new SharedError(
      'config_invalid',
      `The schema ${schema} is ${state}, not current: see \`trilock migrate status\`, run \`trilock migrate deploy\`.`,
    );
  }
}
