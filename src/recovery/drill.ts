import {
  accountKeyFromSeed,
  bip48Account,
  deriveAddress,
  formatDerivationPath,
  parseDescriptor,
  parseDeviceSignature,
  signMessage,
  verifyDeviceMessage,
  verifyMessagePart,
  type WalletDescriptor,
} from '../bitcoin/index.ts';
import { keyIdOf, seedOfEntropy } from '../keyring/index.ts';
import { isDomainError } from '../shared/index.ts';
import {
  drillAnswerSchema,
  drillRequestSchema,
  type DrillAnswer,
  type DrillRequest,
  type ProofForm,
} from './drill-contract.ts';
import { RecoveryError } from './errors.ts';
import { openWithAny, type Openers } from './recovery-key.ts';

type DrillWallet = DrillRequest['wallets'][number];

/** @throws RecoveryError `drill_malformed`. */
export function parseDrillRequest(value: unknown): DrillRequest {
  const parsed = drillRequestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RecoveryError('drill_malformed', 'This is not the request of a recovery drill.');
}

/** @throws RecoveryError `drill_malformed`. */
export function parseDrillAnswer(value: unknown): DrillAnswer {
  const parsed = drillAnswerSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RecoveryError('drill_malformed', 'This is not the answer to a recovery drill.');
}

/** The text that a key signs for an address (BIP322): valid for no transaction, and for no other drill. */
export function drillMessage(drill: string, wallet: string): string {
  return `Trilock recovery drill ${drill} of ${wallet}. This signature moves no money.`;
}

type DrilledKey = DrillWallet['keys'][number];
type WrappedKey = DrilledKey & { readonly wrappedCopy: string };

function isWrapped(key: DrilledKey): key is WrappedKey {
  return key.wrappedCopy !== null;
}

/** Reads the wrapped copy of a key at the site that the drill restores from. */
export type ReadCopy = (name: string) => Promise<Buffer>;

async function signOne(
  request: DrillRequest,
  { wallet, addressIndex }: DrillWallet,
  descriptor: WalletDescriptor,
  key: WrappedKey,
  tools: DrillTools,
): Promise<string> {
  const found = descriptor.keys.find(({ xpub }) => xpub.text === key.xpub);
  if (found === undefined) {
    throw new RecoveryError('recovery_key_foreign', 'This key is none of the keys of the wallet.');
  }
  const { network } = request;
  const context = {
    keyId: keyIdOf(key.xpub),
    role: key.role,
    fingerprint: found.origin.fingerprint,
    network,
  };
  const entropy = openWithAny(await tools.readCopy(key.wrappedCopy), context, tools);
  const seed = seedOfEntropy(entropy);
  try {
    const accountKey = accountKeyFromSeed(seed, network, bip48Account(found.origin.path, network));
    try {
      const address = deriveAddress(descriptor, 'receive', addressIndex);
      const { signature } = signMessage(accountKey, descriptor, address, drillMessage(request.drill, wallet));
      return Buffer.from(signature).toString('hex');
    } finally {
      accountKey.erase();
    }
  } finally {
    entropy.fill(0);
    seed.fill(0);
  }
}

export interface DrillTools extends Openers {
  readonly readCopy: ReadCopy;
  /** The cosigner role whose copies this site has; the others of the request are left out. */
  readonly role: string;
  readonly onKey?: (done: number) => void;
}

/**
 * Restores every key of a role from its wrapped copy and has it sign for an address of its wallet. A key that cannot
 * be restored is reported by its code and stops nobody: that is what drills are for.
 */
export async function answerDrill(
  request: DrillRequest,
  tools: DrillTools,
  site: string,
  nowMs: number,
): Promise<DrillAnswer> {
  const proofs: DrillAnswer['proofs'] = [];
  const failures: DrillAnswer['failures'] = [];
  for (const entry of request.wallets) {
    const descriptor = parseDescriptor(entry.descriptor, request.network);
    for (const key of entry.keys.filter(isWrapped).filter(({ role }) => role === tools.role)) {
      const { wallet } = entry;
      try {
        const signature = await signOne(request, entry, descriptor, key, tools);
        proofs.push({ wallet, xpub: key.xpub, form: 'bip322', signature });
      } catch (thrown) {
        if (!isDomainError(thrown)) throw thrown;
        failures.push({ wallet, xpub: key.xpub, code: thrown.code });
      }
      tools.onKey?.(proofs.length + failures.length);
    }
  }
  return answerOf(request, { site, nowMs }, proofs, failures);
}

function answerOf(
  { drill }: DrillRequest,
  { site, nowMs }: { readonly site: string; readonly nowMs: number },
  proofs: DrillAnswer['proofs'],
  failures: DrillAnswer['failures'] = [],
): DrillAnswer {
  const provedAt = new Date(nowMs).toISOString();
  return {
    purpose: 'trilock recovery drill answer',
    version: 1,
    ...{ drill, site, provedAt, proofs, failures },
  };
}

/**
 * The answer of a customer's own key to a drill of their wallet. The caller zeroes the entropy.
 * @throws RecoveryError `recovery_key_foreign` when it is no key of a wallet of the drill.
 */
export function answerByCustomer(
  request: DrillRequest,
  entropy: Buffer,
  site: string,
  nowMs: number,
): DrillAnswer {
  const seed = seedOfEntropy(entropy);
  const key = accountKeyFromSeed(seed, request.network, 0);
  seed.fill(0);
  try {
    const entry = request.wallets.find(({ keys }) => keys.some(({ xpub }) => xpub === key.xpub.text));
    if (entry === undefined) {
      throw new RecoveryError('recovery_key_foreign', 'This key is none of the keys of the wallet.');
    }
    const { wallet, addressIndex } = entry;
    const descriptor = parseDescriptor(entry.descriptor, request.network);
    const address = deriveAddress(descriptor, 'receive', addressIndex);
    const part = signMessage(key, descriptor, address, drillMessage(request.drill, wallet));
    const signature = Buffer.from(part.signature).toString('hex');
    const proof = { wallet, xpub: key.xpub.text, form: 'bip322' as const, signature };
    return answerOf(request, { site, nowMs }, [proof]);
  } finally {
    key.erase();
  }
}

/** What a hardware wallet signs in a drill, and by its key at which path. */
export interface DeviceTask {
  readonly wallet: string;
  readonly xpub: string;
  readonly text: string;
  readonly path: string;
}

/** The tasks of a role's hardware wallets. @throws BitcoinError of a descriptor. */
export function deviceTasks(request: DrillRequest, role: string): readonly DeviceTask[] {
  return request.wallets.flatMap(({ wallet, descriptor, addressIndex, keys }) => {
    const { keys: known } = parseDescriptor(descriptor, request.network);
    return keys
      .filter((key) => key.role === role && !isWrapped(key))
      .flatMap(({ xpub }) => {
        const origin = known.find((key) => key.xpub.text === xpub)?.origin;
        if (origin === undefined) return [];
        const path = `m/${formatDerivationPath(origin.path)}/0/${addressIndex}`;
        return [{ wallet, xpub, text: drillMessage(request.drill, wallet), path }];
      });
  });
}

/**
 * The answer of a hardware wallet that has signed its task: 65 bytes in base 64 (BIP137).
 * @throws RecoveryError `recovery_key_foreign` when the drill asks no such device; BitcoinError `message_signature_…`.
 */
export function answerByDevice(
  request: DrillRequest,
  { role, wallet, signature: text }: { role: string; wallet: string; signature: string },
  site: string,
  nowMs: number,
): DrillAnswer {
  const [task] = deviceTasks(request, role).filter((candidate) => candidate.wallet === wallet);
  const entry = request.wallets.find((candidate) => candidate.wallet === wallet);
  if (task === undefined || entry === undefined) {
    throw new RecoveryError(
      'recovery_key_foreign',
      'The drill asks no hardware wallet to sign for this wallet.',
    );
  }
  const signature = Buffer.from(parseDeviceSignature(text)).toString('hex');
  const proof = { wallet, xpub: task.xpub, form: 'message' as const, signature };
  const { addressIndex } = entry;
  verifyDrillProof(parseDescriptor(entry.descriptor, request.network), proof, {
    message: task.text,
    addressIndex,
  });
  return answerOf(request, { site, nowMs }, [proof]);
}

/**
 * Checks one signature of a drill. @throws RecoveryError `recovery_key_foreign`; BitcoinError
 * `message_signature_invalid`.
 */
export function verifyDrillProof(
  descriptor: WalletDescriptor,
  proof: { readonly xpub: string; readonly form: ProofForm; readonly signature: string },
  { message, addressIndex }: { readonly message: string; readonly addressIndex: number },
): void {
  const position = descriptor.keys.findIndex(({ xpub }) => xpub.text === proof.xpub);
  const address = deriveAddress(descriptor, 'receive', addressIndex);
  const publicKey = address.keys[position]?.publicKey;
  if (publicKey === undefined) {
    throw new RecoveryError('recovery_key_foreign', 'This key is none of the keys of the wallet.');
  }
  const signature = Buffer.from(proof.signature, 'hex');
  if (proof.form === 'message') verifyDeviceMessage(publicKey, message, signature);
  else verifyMessagePart(address, message, { publicKey, signature });
}
