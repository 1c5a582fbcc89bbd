import { stopsOf, type SigningBundle } from '../intents/index.ts';
import type { Queryable } from '../postgres/index.ts';
import { lastReset, requireNoBreaker } from './breaker.ts';
import { SignerError } from './errors.ts';
import { requireTold } from './told-again.ts';
import { lastReleaseOf, restrictedAmong } from './restriction-store.ts';

/**
 * By the signer's own record, whatever the application says.
 * @throws SignerError `account_restricted`, `breaker_tripped`, `restrictions_untold`.
 */
export async function requireUnrestricted(
  tx: Queryable,
  { customers, breaker }: ReturnType<typeof stopsOf>,
): Promise<void> {
  await requireTold(tx);
  if (breaker) await requireNoBreaker(tx);
  const [restricted] = await restrictedAmong(tx, customers);
  if (restricted === undefined) return;
  throw new SignerError('account_restricted', 'The account is restricted: nothing of it is signed.', {
    details: { customer: restricted },
  });
}

/**
 * Who approved before an account was restricted did not know what the restriction was about: they are asked again.
 * @throws SignerError `approval_before_release`.
 */
export async function requireApprovedSinceRelease(tx: Queryable, bundle: SigningBundle): Promise<void> {
  const resetAtMs = await lastReset(tx);
  for (const { intent, approvals } of bundle.intents) {
    const { customers, breaker } = stopsOf(intent);
    let fromMs = breaker ? resetAtMs : 0;
    for (const customer of customers) fromMs = Math.max(fromMs, await lastReleaseOf(tx, customer));
    const old = approvals.find(({ statement }) => Date.parse(statement.signedAt) < fromMs);
    if (old === undefined) continue;
    throw new SignerError(
      'approval_before_release',
      'What was approved before the account was released is void.',
      {
        details: { intent: intent.id, signedAt: old.statement.signedAt },
      },
    );
  }
}

/** @throws SignerError `approval_before_resume` for a signature from before. */
export function requireApprovedSince(bundle: SigningBundle, fromMs: number): void {
  const statements = bundle.intents.flatMap(({ intent, request, approvals }) =>
    [...(request === null ? [] : [request]), ...approvals].map(({ statement }) => ({
      signedAt: statement.signedAt,
      intent: intent.id,
    })),
  );
  const old = statements.find(({ signedAt }) => Date.parse(signedAt) < fromMs);
  if (old === undefined) return;
  throw new SignerError('approval_before_resume', 'What was signed before the signer was resumed is void.', {
    details: { ...old },
  });
}
