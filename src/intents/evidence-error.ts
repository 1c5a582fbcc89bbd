import { DomainError, isDomainError } from '../shared/index.ts';

/** Which link of the chain from manifest to transaction does not hold. */
export type EvidenceErrorCode =
  | 'evidence_malformed'
  | 'evidence_of_another_withdrawal'
  | 'evidence_manifest_wrong'
  | 'evidence_wallet_wrong'
  | 'evidence_receipt_wrong'
  | 'evidence_intent_wrong'
  | 'evidence_request_wrong'
  | 'evidence_approvals_wrong'
  | 'evidence_policy_wrong'
  | 'evidence_psbt_wrong'
  | 'evidence_transaction_wrong'
  | 'evidence_txid_wrong';

export class EvidenceError extends DomainError<EvidenceErrorCode> {}

/** @throws EvidenceError with the reason in words. */
export function refuseEvidence(code: EvidenceErrorCode, reason: string): never {
  throw new EvidenceError(code, reason);
}

/** Names the link at which a check failed, and keeps the check's own code. Failures of ours pass through. */
export async function link<T>(code: EvidenceErrorCode, check: () => T | Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (thrown) {
    if (!isDomainError(thrown) || thrown instanceof EvidenceError) throw thrown;
    throw new EvidenceError(code, thrown.message, {
      details: { ...thrown.details, because: thrown.code },
      cause: thrown,
    });
  }
}
