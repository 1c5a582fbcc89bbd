import { verifySignatures, type Psbt, type WalletDescriptor } from '../bitcoin/index.ts';
import { completingSigner, type SignerRole, type WalletRegistration } from '../intents/index.ts';
import { SignerError } from './errors.ts';

/** `first`: another signer completes it. `last`: whoever else signs has signed. */
export type Turn = 'first' | 'last';

/** Whether a signature of this signer completes what the wallet pays. */
export function turnOf(role: SignerRole, { plan }: Pick<WalletRegistration, 'plan'>): Turn {
  return completingSigner(plan) === role ? 'last' : 'first';
}

/** A signer never takes the other's turn. @throws SignerError `signing_order_wrong`. */
export function requireTurn(role: SignerRole, registration: WalletRegistration, asked: Turn): void {
  if (turnOf(role, registration) === asked) return;
  throw new SignerError('signing_order_wrong', `It is not this signer’s turn to sign ${asked}.`, {
    details: { wallet: registration.wallet, plan: registration.plan, role },
  });
}

/** Whose signatures must be there: of a wallet that two signers spend the first one’s, and no other in its place. */
function countsFor({ plan, keys }: WalletRegistration, role: SignerRole): readonly boolean[] {
  return keys.map(({ statement }) =>
    plan === 'treasury_hot' ? statement.role === 'platform' : statement.role !== role,
  );
}

/**
 * Whoever signs last finds enough valid signatures of the others on every input.
 * @throws SignerError `cosigner_signature_missing`.
 */
export function requireOthers(
  role: SignerRole,
  registration: WalletRegistration,
  descriptor: WalletDescriptor,
  psbt: Psbt,
): void {
  const counts = countsFor(registration, role);
  const needed = descriptor.threshold - 1;
  verifySignatures(psbt, descriptor).forEach((signers, input) => {
    const given = signers.filter((position) => counts[position] === true).length;
    if (given >= needed) return;
    throw new SignerError('cosigner_signature_missing', 'The other cosigner has not signed every input.', {
      details: { input, needed, given },
    });
  });
}
