import {
  hex,
  passkeyUseOf,
  requesterKeys,
  statementDigest,
  type Manifest,
  type PasskeyUse,
  type PublicKey,
  type StaffRequest,
} from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { SignerError } from './errors.ts';

interface SeenUse extends PasskeyUse {
  readonly statement: string;
}

/** Somebody's signatures on one intent; a request may be missing. */
type Signed = Omit<StaffRequest, 'request'> & { readonly request: StaffRequest['request'] | null };

function usesOf(
  { intent, request, approvals }: Signed,
  manifest: Manifest,
  pinned: ReadonlyMap<string, PublicKey>,
): SeenUse[] {
  const people = [...manifest.approvers, ...manifest.officers];
  const signed = [
    ...(request === null
      ? []
      : [{ ...request, key: requesterKeys(intent, manifest, pinned).get(request.statement.credential) }]),
    ...approvals.map((approval) => ({
      ...approval,
      key: people.find(({ id }) => id === approval.statement.approver)?.key,
    })),
  ];
  return signed.flatMap(({ key, statement, signature }) => {
    const use = key === undefined ? undefined : passkeyUseOf(key, signature);
    return use === undefined ? [] : [{ ...use, statement: hex(statementDigest(statement)) }];
  });
}

async function note(
  tx: PoolClient,
  { credential, counter, statement }: SeenUse,
  atMs: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO signer.passkey_use (credential, counter, statement, seen_at_ms) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING`,
    [credential, counter, statement, atMs],
  );
  const { rows } = await tx.query<{ statement: string }>(
    'SELECT statement FROM signer.passkey_use WHERE credential = $1 AND counter = $2',
    [credential, counter],
  );
  if (rows[0]?.statement === statement) return;
  throw new SignerError('passkey_cloned', 'Two statements carry one number of a passkey: it was copied.', {
    details: { credential, counter },
  });
}

/**
 * A passkey that has signed two statements under one number exists twice. Approvals come in any order, so that a lower
 * number alone proves nothing here; the queue sees them as they are given. @throws SignerError `passkey_cloned`.
 */
export async function requireUncloned(
  tx: PoolClient,
  signed: readonly Signed[],
  {
    manifest,
    credentialsOf,
  }: {
    readonly manifest: Manifest;
    readonly credentialsOf: (customer: string) => ReadonlyMap<string, PublicKey>;
  },
  atMs: number,
): Promise<void> {
  for (const one of signed) {
    const { body } = one.intent;
    const pinned = 'customer' in body ? credentialsOf(body.customer) : new Map<string, PublicKey>();
    for (const use of usesOf(one, manifest, pinned)) await note(tx, use, atMs);
  }
}
