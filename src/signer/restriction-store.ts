import { SIGNED_UNDER, type RestrictionKind } from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';

/** A restriction as the signer was told of it. */
export interface KnownRestriction {
  readonly id: string;
  readonly customer: string;
  readonly kind: RestrictionKind;
  readonly openedBy: string;
  readonly restrictedAtMs: number;
  /** Null while it is in force. */
  readonly releasedBy: string | null;
  readonly releasedAtMs: number | null;
}

interface Row {
  readonly id: string;
  readonly customer: string;
  readonly kind: RestrictionKind;
  readonly opened_by: string;
  readonly restricted_at_ms: bigint;
  readonly lifted_by: string | null;
  readonly released_at_ms: bigint | null;
}

export async function knownRestriction(tx: Queryable, id: string): Promise<KnownRestriction | undefined> {
  const { rows } = await tx.query<Row>(
    `SELECT r.*, x.lifted_by, x.released_at_ms FROM signer.restriction r
     LEFT JOIN signer.restriction_release x ON x.restriction = r.id WHERE r.id = $1`,
    [id],
  );
  const [row] = rows;
  return (
    row && {
      id: row.id,
      customer: row.customer,
      kind: row.kind,
      openedBy: row.opened_by,
      restrictedAtMs: Number(row.restricted_at_ms),
      releasedBy: row.lifted_by,
      releasedAtMs: row.released_at_ms === null ? null : Number(row.released_at_ms),
    }
  );
}

export async function addRestriction(
  tx: Queryable,
  restriction: Pick<KnownRestriction, 'id' | 'customer' | 'kind' | 'openedBy'>,
  atMs: number,
): Promise<void> {
  await tx.query(
    'INSERT INTO signer.restriction (id, customer, kind, opened_by, restricted_at_ms) VALUES ($1, $2, $3, $4, $5)',
    [restriction.id, restriction.customer, restriction.kind, restriction.openedBy, atMs],
  );
}

export async function addRestrictionRelease(
  tx: Queryable,
  release: { readonly restriction: string; readonly liftedBy: string; readonly document: string },
  atMs: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO signer.restriction_release (restriction, lifted_by, document, released_at_ms)
     VALUES ($1, $2, $3, $4)`,
    [release.restriction, release.liftedBy, release.document, atMs],
  );
}

/** Those of the customers who are restricted now. */
export async function restrictedAmong(tx: Queryable, customers: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ customer: string }>(
    'SELECT customer FROM signer.restricted_customer WHERE customer = ANY($1) ORDER BY customer',
    [customers],
  );
  return rows.map(({ customer }) => customer);
}

/** When the last restriction of this customer that stopped signatures was lifted; 0 when none was. */
export async function lastReleaseOf(tx: Queryable, customer: string): Promise<number> {
  const { rows } = await tx.query<{ latest: bigint | null }>(
    `SELECT max(released_at_ms) AS latest FROM signer.restriction_release x
     JOIN signer.restriction r ON r.id = x.restriction WHERE r.customer = $1 AND NOT r.kind = ANY($2)`,
    [customer, SIGNED_UNDER],
  );
  return Number(rows[0]?.latest ?? 0n);
}
