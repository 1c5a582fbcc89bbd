import type { ExplainedInput, KnownWallet } from './explanation.ts';
import type { SignatureFindings } from './input-signers.ts';
import type { OwnedInput } from './ownership.ts';

/** An input, its known wallet if it has one, and its signatures. */
export interface ReadInput {
  readonly explained: ExplainedInput;
  readonly sequence: number;
  readonly owner: { readonly wallet: KnownWallet; readonly owned: OwnedInput } | null;
  readonly findings: SignatureFindings | null;
}
