import { DomainError } from '../shared/index.ts';

export type PostgresErrorCode =
  | 'config_invalid'
  | 'platform_unsupported'
  | 'server_user_missing'
  | 'directory_unwritable'
  | 'directory_unreachable'
  | 'disk_full'
  | 'port_taken'
  | 'already_running'
  | 'password_lost'
  | 'version_mismatch'
  | 'start_failed'
  | 'migration_failed'
  | 'migration_edited'
  | 'migration_unknown'
  | 'migration_files_invalid'
  | 'schema_missing'
  | 'bootstrap_refused';

/** Every message is one line that an operator can act on. */
export class PostgresError extends DomainError<PostgresErrorCode> {}

/** The `code` of a Node system error or of a PostgreSQL error (SQLSTATE), else undefined. */
export function errorCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT']);
const UNWRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'EISDIR']);

/** Names what the file system refused; anything else is passed on unchanged. */
export function fileSystemError(thrown: unknown, path: string): unknown {
  const code = errorCode(thrown) ?? '';
  if (DISK_FULL.has(code)) {
    return new PostgresError('disk_full', `The disk that holds ${path} is full.`, { cause: thrown });
  }
  if (UNWRITABLE.has(code)) {
    return new PostgresError('directory_unwritable', `Cannot write in ${path}.`, { cause: thrown });
  }
  return thrown;
}
