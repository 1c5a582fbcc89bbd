import {
  parseDescriptor,
  walletDescriptor,
  type DescriptorKey,
  type WalletDescriptor,
} from '../bitcoin/index.ts';
import { IntentError } from './errors.ts';
import { verifyKeyAttestation } from './key-attestation.ts';
import type { CosignerRole, SignerRole } from './key-attestation-contract.ts';
import type { Manifest } from './manifest-contract.ts';
import type { PublicKey } from './signature-contract.ts';
import {
  walletRegistrationSchema,
  type WalletPlan,
  type WalletRegistration,
} from './wallet-registration-contract.ts';

/** Who holds the three keys of each plan. */
export const PLAN_KEYS = {
  custodial: ['backup', 'cold', 'platform'],
  collaborative: ['cold', 'customer', 'platform'],
  self_custody: ['customer', 'customer', 'platform'],
  treasury_hot: ['cold', 'platform', 'platform_b'],
  treasury_cold: ['cold', 'cold', 'cold'],
} as const satisfies Record<WalletPlan, readonly CosignerRole[]>;

/** Which signer signs last, and so completes what a wallet of the plan pays. */
export function completingSigner(plan: WalletPlan): SignerRole {
  return plan === 'treasury_hot' ? 'platform_b' : 'platform';
}

const THRESHOLD = 2;

/** @throws IntentError `registration_malformed`. */
export function parseWalletRegistration(value: unknown): WalletRegistration {
  const parsed = walletRegistrationSchema.safeParse(value);
  if (!parsed.success) {
    throw new IntentError('registration_malformed', 'This is not the registration of a wallet.', {
      details: {
        path: parsed.error.issues[0]?.path.join('.') ?? '',
        reason: parsed.error.issues[0]?.message ?? '',
      },
    });
  }
  return parsed.data;
}

function trustedFor(
  role: CosignerRole,
  registration: WalletRegistration,
  manifest: Manifest,
): readonly PublicKey[] {
  if (role === 'customer') return registration.credentials.map((credential) => credential.publicKey);
  return manifest.attestationKeys[role] ?? [];
}

function refuseKeys(reason: string): never {
  throw new IntentError(
    'registration_keys_differ',
    'The keys of the wallet are not what its plan asks for.',
    {
      details: { reason },
    },
  );
}

/**
 * Checks a registration against the manifest: the plan's three roles, each key attested and proven, and a
 * descriptor of just these keys, two of three. Whether a key was used before is for whoever keeps the record.
 * @throws IntentError `registration_…`, `key_…`, `signature_…`; BitcoinError of descriptor and keys.
 */
export async function verifyWalletRegistration(
  registration: WalletRegistration,
  manifest: Manifest,
): Promise<WalletDescriptor> {
  const { network, plan, customer, keys } = registration;
  const isTreasury = plan === 'treasury_hot' || plan === 'treasury_cold';
  if (isTreasury && customer !== null) refuseKeys('a treasury wallet has no customer');
  if (customer === null && registration.credentials.length > 0) refuseKeys('credentials without a customer');
  const roles = keys.map((key) => key.statement.role).sort();
  if (roles.join() !== PLAN_KEYS[plan].join()) refuseKeys(`${plan} needs ${PLAN_KEYS[plan].join(', ')}`);
  const attested: DescriptorKey[] = [];
  for (const key of keys) {
    attested.push(
      await verifyKeyAttestation(key, trustedFor(key.statement.role, registration, manifest), network),
    );
  }
  const descriptor = parseDescriptor(registration.descriptor, network);
  const expected = walletDescriptor({ network, threshold: THRESHOLD, keys: attested });
  if (descriptor.text !== expected.text)
    refuseKeys('the descriptor is not the one of these keys in this order');
  return descriptor;
}
