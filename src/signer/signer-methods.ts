import { isDomainError, type DomainError, type JsonValue } from '../shared/index.ts';
import { abandonTransaction } from './abandon-transaction.ts';
import { addAlert } from './alert-store.ts';
import { allowRefill } from './allow-refill.ts';
import { attestAudit, auditCheckpoint } from './attest-audit.ts';
import { resetBreaker, tripBreaker } from './breaker.ts';
import { createPlatformKey } from './create-platform-key.ts';
import { deepFreeze } from './deep-freeze.ts';
import { SignerError } from './errors.ts';
import { freezeStatus } from './freeze-status.ts';
import { loadManifest } from './load-manifest.ts';
import { pinCredential } from './pin-credential.ts';
import { cancelLockRecovery, completeLockRecovery, startLockRecovery } from './recover-master-lock.ts';
import { registerMasterLock } from './register-master-lock.ts';
import { registerWallet } from './register-wallet.ts';
import { revokeMasterLock } from './revoke-master-lock.ts';
import { releaseRestriction } from './release-restriction.ts';
import { restrictCustomer } from './restrict-customer.ts';
import { returnKey, transportKey } from './return-keys.ts';
import { revokeIntent } from './revoke-intent.ts';
import { resumeSigner, sealSigner } from './seal-and-resume.ts';
import { cosignBundle, signBundle } from './sign-bundle.ts';
import { restrictionsTold, standing } from './told-again.ts';
import { unlockRestriction } from './unlock-restriction.ts';
import {
  signerContract,
  type SignerAnswer,
  type SignerMethod,
  type SignerParameters,
} from './signer-contract.ts';
import type { SignerParts } from './signer-parts.ts';
import { signerAlerts, signerStatus } from './signer-status.ts';
import type { WireMethod } from './wire/wire-server.ts';

type UseCases = {
  readonly [M in SignerMethod]: (
    parts: SignerParts,
    parameters: SignerParameters<M>,
  ) => Promise<SignerAnswer<M>>;
};

const USE_CASES: UseCases = {
  createPlatformKey,
  registerWallet,
  pinCredential,
  registerMasterLock,
  revokeMasterLock,
  startLockRecovery,
  cancelLockRecovery,
  completeLockRecovery,
  sign: signBundle,
  cosign: cosignBundle,
  allowRefill,
  revoke: revokeIntent,
  abandon: abandonTransaction,
  restrict: restrictCustomer,
  release: releaseRestriction,
  auditCheckpoint,
  attestAudit,
  unlock: unlockRestriction,
  deepFreeze,
  tripBreaker,
  resetBreaker,
  freezeStatus,
  standing: (parts) => standing(parts),
  restrictionsTold,
  transportKey,
  returnKey,
  loadManifest,
  seal: async (parts, parameters) => {
    await sealSigner(parts, parameters);
    return {};
  },
  resume: async (parts, parameters) => {
    await resumeSigner(parts, parameters);
    return {};
  },
  status: (parts) => signerStatus(parts),
  alerts: signerAlerts,
};

/** Which wallet or intents a refused call was about, for whoever reads the alert. */
function subjectOf(parameters: JsonValue): Record<string, string | readonly string[]> {
  const call = parameters as {
    readonly wallet?: unknown;
    readonly intentHash?: unknown;
    readonly registration?: { readonly wallet?: unknown };
    readonly bundle?: {
      readonly wallet?: unknown;
      readonly intents?: readonly { intent?: { id?: unknown } }[];
    };
  };
  const wallet = call.wallet ?? call.registration?.wallet ?? call.bundle?.wallet;
  const intents = call.bundle?.intents?.flatMap(({ intent }) =>
    typeof intent?.id === 'string' ? [intent.id.slice(0, 60)] : [],
  );
  return {
    ...(typeof wallet === 'string' ? { calledFor: wallet.slice(0, 60) } : {}),
    ...(intents === undefined ? {} : { intents: intents.slice(0, 20) }),
  };
}

async function noteRefusal(
  { pool, clock }: SignerParts,
  method: SignerMethod,
  refusal: DomainError,
  subject: Record<string, string | readonly string[]>,
): Promise<void> {
  await addAlert(pool, {
    atMs: clock.nowMs(),
    kind: 'refused',
    method,
    code: refusal.code,
    text: refusal.message,
    details: { ...refusal.details, ...subject },
  });
}

async function call(parts: SignerParts, method: SignerMethod, parameters: JsonValue): Promise<JsonValue> {
  let subject: Record<string, string | readonly string[]> = {};
  try {
    const parsed = signerContract[method].parameters.safeParse(parameters);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new SignerError('parameters_malformed', 'This is not what the method asks for.', {
        details: { path: issue?.path.join('.') ?? '', reason: issue?.message ?? '' },
      });
    }
    subject = subjectOf(parameters);
    const useCase = USE_CASES[method] as (parts: SignerParts, parameters: unknown) => Promise<unknown>;
    return (await useCase(parts, parsed.data)) as JsonValue;
  } catch (thrown) {
    if (isDomainError(thrown)) await noteRefusal(parts, method, thrown, subject);
    throw thrown;
  }
}

/** The signer's methods for `createWireServer`. Every refusal leaves a row in the signer's own log first. */
export function signerMethods(parts: SignerParts): Readonly<Record<SignerMethod, WireMethod>> {
  const methods = Object.keys(signerContract) as SignerMethod[];
  return Object.fromEntries(
    methods.map((method) => [method, (parameters: JsonValue) => call(parts, method, parameters)]),
  ) as Record<SignerMethod, WireMethod>;
}
