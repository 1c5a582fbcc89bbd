import type { DatabaseTransaction } from '../database/index.ts';
import { passkeyUseOf, type PublicKey, type Signature } from '../intents/index.ts';
import { ApprovalError } from './errors.ts';

/** What somebody signs in two windows at once may arrive the other way round. */
const SLACK_MS = 5 * 60_000;

/**
 * A passkey's counter goes up with every signature; one that does not was copied (WebAuthn Level 2, section 7.2,
 * step 21). Noted with what it signs. @throws ApprovalError `approval_passkey_cloned`.
 */
export async function advancePasskey(
  tx: DatabaseTransaction,
  key: PublicKey | undefined,
  signature: Signature,
  at: Date,
): Promise<void> {
  const use = key === undefined ? undefined : passkeyUseOf(key, signature);
  if (use === undefined) return;
  const { credential } = use;
  const counter = BigInt(use.counter);
  const { _max: highest } = await tx.passkeyUse.aggregate({
    where: { credential, seenAt: { lte: new Date(at.getTime() - SLACK_MS) } },
    _max: { counter: true },
  });
  const { count } = await tx.passkeyUse.createMany({
    data: [{ credential, counter, seenAt: at }],
    skipDuplicates: true,
  });
  if (count === 1 && counter > (highest.counter ?? 0n)) return;
  throw new ApprovalError(
    'approval_passkey_cloned',
    'This passkey has signed further than that: it was copied.',
    { details: { counter: use.counter } },
  );
}
