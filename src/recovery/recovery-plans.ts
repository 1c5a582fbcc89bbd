import { isDeviceKey, type CosignerRole, type KeyAttestation, type WalletPlan } from '../intents/index.ts';
import { keyIdOf } from '../keyring/index.ts';

/** Two keys that together move the coins without any server, and whose they are. */
export interface RecoveryPair {
  readonly keys: readonly [CosignerRole, CosignerRole];
  readonly who: string;
}

/** For each plan, the pairs of keys that recover its coins; the first one is the way that the plan means. */
export const RECOVERY_PAIRS = {
  custodial: [
    { keys: ['cold', 'backup'], who: 'the officers of the cold site and those of the backup site' },
    {
      keys: ['platform', 'cold'],
      who: 'the holders of the platform masters and the officers of the cold site',
    },
    {
      keys: ['platform', 'backup'],
      who: 'the holders of the platform masters and the officers of the backup site',
    },
  ],
  collaborative: [
    { keys: ['customer', 'cold'], who: 'the customer, and whoever opens the wrapped cold key' },
    { keys: ['customer', 'platform'], who: 'the customer and the holders of the platform masters' },
  ],
  self_custody: [
    { keys: ['customer', 'customer'], who: 'the customer alone' },
    { keys: ['customer', 'platform'], who: 'the customer and the holders of the platform masters' },
  ],
  treasury_hot: [
    {
      keys: ['platform', 'cold'],
      who: 'the holders of the platform masters and the officers of the cold site',
    },
    {
      keys: ['platform_b', 'cold'],
      who: 'the holders of the second signer’s master pair and the officers of the cold site',
    },
    { keys: ['platform', 'platform_b'], who: 'the holders of both platform master pairs' },
  ],
  treasury_cold: [{ keys: ['cold', 'cold'], who: 'the officers of any two of the three cold sites' }],
} as const satisfies Record<WalletPlan, readonly RecoveryPair[]>;

/** The name of a key's wrapped copy at its backup sites; null for a key that the customer or a hardware wallet holds. */
export function wrappedCopyName(key: KeyAttestation): string | null {
  const { role, xpub } = key.statement;
  if (role === 'customer' || isDeviceKey(key)) return null;
  return role === 'platform' || role === 'platform_b'
    ? `platform-${keyIdOf(xpub)}.envelope`
    : `${keyIdOf(xpub)}.envelope`;
}

/** How the holder of a key gets at it when no server answers. */
const HOW_OBTAINED = {
  platform:
    'The platform signer’s key. Its online copy is gone with the signer; a copy wrapped in two envelopes lies at the ' +
    'institution’s platform backup sites. Two holders open it with their offline platform masters.',
  platform_b:
    'The second platform signer’s key. Its online copy is gone with that signer; a copy wrapped in two envelopes lies ' +
    'at that signer’s own backup sites. Two holders open it with its offline masters.',
  cold:
    'The cold station’s key. It lies wrapped in two envelopes at the backup sites of the cold station. Two holders ' +
    'open it with the cold masters, offline.',
  backup:
    'The backup station’s key. It lies wrapped in two envelopes at the backup sites of the backup station. Two ' +
    'holders open it with the backup masters, offline.',
  customer:
    'The customer’s own key: the sealed key file and its passphrase, the recovery words, or the hardware wallet.',
} as const satisfies Record<CosignerRole, string>;

const IN_A_DEVICE =
  'A hardware wallet holds it; nobody has a wrapped copy. It signs the PSBT itself, or its recovery words (BIP39) ' +
  'give the key back.';

/** The same for a key of a wallet. */
export function howObtained(key: KeyAttestation): string {
  return isDeviceKey(key) ? IN_A_DEVICE : HOW_OBTAINED[key.statement.role];
}

/**
 * The keys of the institution by which a plan's coins can be recovered, and which drills therefore prove. Customers
 * prove their own when they choose.
 */
export const DRILLED_ROLES = {
  custodial: ['cold', 'backup', 'platform'],
  collaborative: ['cold', 'platform'],
  self_custody: ['platform'],
  treasury_hot: ['platform', 'platform_b', 'cold'],
  treasury_cold: ['cold'],
} as const satisfies Record<WalletPlan, readonly CosignerRole[]>;
