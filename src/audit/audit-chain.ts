import {
  readHead,
  verifyChain,
  type ChainPoint,
  type ChainReport,
  type Database,
  type SealedStream,
} from '../database/index.ts';

/** The chain of all audit entries, for the sealer. */
export const AUDIT_STREAM: SealedStream = {
  name: 'audit',
  entryTable: 'audit_entry',
  sealTable: 'audit_seal',
  repeated: ['actor', 'action', 'entity'],
};

/** How far the audit log is sealed, and the hash over all of it: what gets signed and published. */
export function readAuditHead(database: Database): Promise<ChainPoint> {
  return readHead(database, AUDIT_STREAM);
}

/**
 * Recomputes the whole audit log and names the first entry that was edited, deleted, inserted or moved.
 * `trusted`: heads published before, without which a rewriting of everything after some entry stays hidden.
 */
export function verifyAudit(database: Database, trusted: readonly ChainPoint[] = []): Promise<ChainReport> {
  return verifyChain(database, AUDIT_STREAM, trusted);
}
