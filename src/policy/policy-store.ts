import type { Database, DatabaseTransaction, Prisma } from '../database/index.ts';
import { isIdOf, type StaffId } from '../shared/index.ts';
import { DEFAULT_VERSION } from './default-document.ts';
import { parsePolicyDocument, policyHash } from './document.ts';
import { PolicyError } from './errors.ts';
import type { PolicyDocument } from './policy-document-contract.ts';

export type Tables = Database | DatabaseTransaction;

/** A policy that is or was in force. */
export interface PolicyVersion {
  readonly number: number;
  readonly document: PolicyDocument;
  readonly hash: string;
  /** Null for the one that is built in. */
  readonly proposedBy: StaffId | null;
  readonly loosens: boolean;
  readonly inForceAt: Date | null;
}

/** Compares a stored policy with its hash. @throws PolicyError `policy_damaged`. */
export function readDocument(text: string, hash: string): PolicyDocument {
  let document: PolicyDocument;
  try {
    document = parsePolicyDocument(JSON.parse(text));
  } catch (cause) {
    throw new PolicyError('policy_damaged', 'This policy is not what was put in force.', { cause });
  }
  if (policyHash(document) === hash) return document;
  throw new PolicyError('policy_damaged', 'This policy is not what was put in force.', { details: { hash } });
}

function versionOf(row: Prisma.PolicyVersionModel): PolicyVersion {
  const { number, hash, loosens, inForceAt, proposedBy } = row;
  if (!isIdOf('staff', proposedBy)) throw new RangeError('nobody proposed it');
  return { number, hash, loosens, inForceAt, proposedBy, document: readDocument(row.document, hash) };
}

/** What is built in, as a version. */
export function builtIn(document: PolicyDocument): PolicyVersion {
  const hash = policyHash(document);
  return { number: DEFAULT_VERSION, document, hash, proposedBy: null, loosens: false, inForceAt: null };
}

/** The number in force. */
export async function numberInForce(tables: Tables): Promise<number> {
  const newest = await tables.policyVersion.findFirst({
    orderBy: { number: 'desc' },
    select: { number: true },
  });
  return newest?.number ?? DEFAULT_VERSION;
}

/** One that was stored. @throws PolicyError `policy_version_unknown`, `policy_damaged`. */
export async function findVersion(tables: Tables, number: number): Promise<PolicyVersion> {
  const row = await tables.policyVersion.findUnique({ where: { number } });
  if (row === null) {
    throw new PolicyError('policy_version_unknown', 'There is no such version of the policy.', {
      details: { number },
    });
  }
  return versionOf(row);
}

/** Stored ones, the newest first. */
export async function listVersions(
  tables: Tables,
  { before, limit }: { readonly before: number | null; readonly limit: number },
): Promise<readonly PolicyVersion[]> {
  const rows = await tables.policyVersion.findMany({
    ...(before === null ? {} : { where: { number: { lt: before } } }),
    orderBy: { number: 'desc' },
    take: limit,
  });
  return rows.map(versionOf);
}
