import { createHash } from 'node:crypto';
import {
  branchDescriptorText,
  deriveAddresses,
  formatDerivationPath,
  formatMultisigSlip132,
  parseDescriptor,
  type Branch,
  type WalletDescriptor,
} from '../bitcoin/index.ts';
import type { RegistrationReceipt, WalletRegistration } from '../intents/index.ts';
import { canonicalJson } from '../shared/index.ts';
import { RecoveryError } from './errors.ts';
import { guides } from './guides.ts';
import { importFiles } from './import-files.ts';
import {
  KIT_PURPOSE,
  KIT_VERSION,
  type KitContent,
  type KitEnvelopes,
  type KitKey,
  type RecoveryKit,
} from './kit-contract.ts';
import { howObtained, RECOVERY_PAIRS, wrappedCopyName } from './recovery-plans.ts';

/** Enough to compare by eye, of each branch. */
const FIRST_ADDRESSES = 5;

export interface KitFacts {
  readonly registration: WalletRegistration;
  readonly receipt: RegistrationReceipt;
  readonly label: string;
  /** No payment can have reached the wallet before it; 0 when nobody knows. */
  readonly birthHeight: number;
  readonly birthTime: Date | null;
  readonly nowMs: number;
  readonly envelopes: KitEnvelopes | null;
}

/** SHA-256 over the canonical JSON of the content, hex. */
export function kitChecksum(content: KitContent): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

function keysOf(registration: WalletRegistration, descriptor: WalletDescriptor): KitKey[] {
  return descriptor.keys.map(({ origin, xpub }) => {
    const key = registration.keys.find(({ statement }) => statement.xpub === xpub.text);
    if (key === undefined) {
      throw new RecoveryError(
        'kit_contradicts_itself',
        'A key of the descriptor is not in the registration.',
        {
          details: { fingerprint: origin.fingerprint },
        },
      );
    }
    return {
      role: key.statement.role,
      source: key.statement.source,
      fingerprint: origin.fingerprint,
      path: `m/${formatDerivationPath(origin.path)}`,
      xpub: xpub.text,
      slip132: formatMultisigSlip132(xpub),
      wrappedCopy: wrappedCopyName(key),
      howObtained: howObtained(key),
    };
  });
}

function firstAddresses(descriptor: WalletDescriptor, branch: Branch) {
  return deriveAddresses(descriptor, branch, 0, FIRST_ADDRESSES).map((address, index) => ({
    index,
    address,
  }));
}

/** What the kit says of a wallet whose pinned facts are these; the same facts give the same content. */
export function kitContent(facts: KitFacts): KitContent {
  const { registration, receipt, label, birthHeight, birthTime, nowMs, envelopes } = facts;
  const { network, wallet, plan, customer } = registration;
  const descriptor = parseDescriptor(registration.descriptor, network);
  return {
    purpose: KIT_PURPOSE,
    version: KIT_VERSION,
    createdAt: new Date(nowMs).toISOString(),
    ...{ network, wallet, label, plan, customer },
    birth: { height: birthHeight, time: birthTime?.toISOString() ?? null },
    descriptor: descriptor.text,
    receiveDescriptor: branchDescriptorText(descriptor, 'receive'),
    changeDescriptor: branchDescriptorText(descriptor, 'change'),
    threshold: descriptor.threshold,
    keys: keysOf(registration, descriptor),
    firstAddresses: {
      receive: firstAddresses(descriptor, 'receive'),
      change: firstAddresses(descriptor, 'change'),
    },
    recoverableBy: RECOVERY_PAIRS[plan].map(({ keys, who }) => ({ keys: [...keys], who })),
    importFiles: importFiles(descriptor, wallet, birthTime).map((file) => ({ ...file })),
    guides: guides({ descriptor, birthHeight }).map(({ program, files, steps }) => ({
      program,
      files: [...files],
      steps: [...steps],
    })),
    registration,
    receipt,
    envelopes,
  };
}

/**
 * Makes the recovery kit of a wallet. @throws RecoveryError `kit_contradicts_itself` for a registration whose keys
 * are not those of its descriptor; BitcoinError of the descriptor.
 */
export function makeKit(facts: KitFacts): RecoveryKit {
  const content = kitContent(facts);
  return { ...content, checksum: kitChecksum(content) };
}
