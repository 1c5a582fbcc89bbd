import { join } from 'node:path';
import {
  accountKeyFromSeed,
  formatKeyOrigin,
  provePossession,
  type AccountKey,
  type NetworkName,
} from '../bitcoin/index.ts';
import { keyStatementDigest, type KeyAttestation, type SignerRole } from '../intents/index.ts';
import {
  generateMasterKey,
  keyIdOf,
  KeyringError,
  masterPrivateKeyFrom,
  MAX_ENVELOPE_BYTES,
  newEntropy,
  openForTransport,
  readRegularFile,
  sealEnvelope,
  sealForDisaster,
  seedOfEntropy,
  writeNewFile,
  writeToSites,
  type EnvelopeContext,
  type MasterPublicKey,
  type Masters,
  type SealedSlots,
} from '../keyring/index.ts';
import type { Ed25519Key } from './ed25519.ts';
import { SignerError } from './errors.ts';

/** Where platform keys live and where their wrapped copies go. */
export interface PlatformKeysPlan {
  readonly network: NetworkName;
  readonly role: SignerRole;
  readonly identity: Ed25519Key;
  readonly slots: SealedSlots;
  /** Keeps each wrapped copy once, so that a repetition writes the same bytes to every site. */
  readonly envelopeDirectory: string;
  /** Two places or more. */
  readonly backupSites: readonly string[];
  /** The offline masters; undefined refuses new keys. */
  readonly masters: Masters | undefined;
  /** The officers' disaster key: each seed is wrapped to it too. */
  readonly disaster: MasterPublicKey | undefined;
}

export interface PlatformKeys {
  /**
   * The attestation of a wallet's platform key, made at the first call and the same ever after. Returns when the
   * wrapped copy is at every site and was read back.
   */
  readonly make: (wallet: string) => Promise<KeyAttestation>;
  /** Lends the key of a wallet to `work` and erases it after. @throws SignerError `platform_key_missing`. */
  readonly use: <T>(wallet: string, work: (key: AccountKey) => T) => Promise<T>;
  /** Erases the slot of a wallet for good; one that is empty is fine. */
  readonly erase: (wallet: string) => Promise<void>;
  readonly has: (wallet: string) => Promise<boolean>;
  /** The key to which officers seal what they bring back, by a name; made at the first call. SubjectPublicKeyInfo. */
  readonly transportKey: (name: string) => Promise<Buffer>;
  /**
   * Puts a key back into its slot that is sealed to the transport key of that name, when it is the attested one.
   * `record` comes before the slot is filled. @throws SignerError `platform_key_foreign`; KeyringError `envelope_…`,
   * `slot_missing`.
   */
  readonly takeBack: (
    wallet: string,
    attestation: KeyAttestation,
    name: string,
    envelope: Buffer,
    record: () => Promise<void>,
  ) => Promise<void>;
  readonly eraseTransportKey: (name: string) => Promise<void>;
}

function isKeyring(thrown: unknown, code: KeyringError['code']): boolean {
  return thrown instanceof KeyringError && thrown.code === code;
}

/** Ed25519 as the other documents spell it. */
export function attestationKeyOf(identity: Ed25519Key): KeyAttestation['attestedBy'] {
  return { algorithm: 'ed25519', raw: Buffer.from(identity.publicKey, 'hex').toString('base64url') };
}

/** Signs a statement's digest as the signer's attestation. */
export function attest(identity: Ed25519Key, digest: Uint8Array): KeyAttestation['signature'] {
  return { algorithm: 'ed25519', signature: Buffer.from(identity.sign(digest), 'hex').toString('base64url') };
}

/** What is wrapped of a key: the name of each copy at its sites, and how it is sealed. */
interface WrappedCopy {
  readonly name: string;
  readonly seal: (entropy: Buffer, context: EnvelopeContext) => Buffer;
}

function copiesOf(xpub: string, masters: Masters, disaster: MasterPublicKey | undefined): WrappedCopy[] {
  const base = `platform-${keyIdOf(xpub)}`;
  const nested: WrappedCopy = {
    name: `${base}.envelope`,
    seal: (entropy, context) => sealEnvelope(entropy, context, masters),
  };
  if (disaster === undefined) return [nested];
  return [
    nested,
    {
      name: `${base}.disaster`,
      seal: (entropy, context) => sealForDisaster(entropy, context, disaster),
    },
  ];
}

/** The slot of a transport key. */
function transportSlot(name: string): string {
  return `transport-${name}`;
}

function contextOf({ xpub, origin, network, role }: KeyAttestation['statement']): EnvelopeContext {
  return { keyId: keyIdOf(xpub), role, fingerprint: origin.slice(1, 9), network };
}

function withKey<T>(entropy: Buffer, network: NetworkName, work: (key: AccountKey) => T): T {
  const seed = seedOfEntropy(entropy);
  try {
    const key = accountKeyFromSeed(seed, network, 0);
    try {
      return work(key);
    } finally {
      key.erase();
    }
  } finally {
    seed.fill(0);
  }
}

function attestationOf(key: AccountKey, { network, role, identity }: PlatformKeysPlan): KeyAttestation {
  const statement: KeyAttestation['statement'] = {
    purpose: 'account key',
    network,
    role,
    origin: formatKeyOrigin(key.origin),
    xpub: key.xpub.text,
    source: `platform signer ${identity.publicKey.slice(0, 8)}`,
  };
  const digest = keyStatementDigest(statement);
  return {
    statement,
    possession: provePossession(key, role, digest),
    attestedBy: attestationKeyOf(identity),
    signature: attest(identity, digest),
  };
}

class SlottedKeys implements PlatformKeys {
  readonly #plan: PlatformKeysPlan;

  constructor(plan: PlatformKeysPlan) {
    this.#plan = plan;
  }

  async make(wallet: string): Promise<KeyAttestation> {
    const { slots, masters } = this.#plan;
    if (masters === undefined) {
      throw new SignerError('masters_missing', 'No offline masters are configured, so no key is made.');
    }
    if (!(await slots.has(wallet))) await this.#fill(wallet);
    const attestation = await slots.use(wallet, (entropy) =>
      withKey(entropy, this.#plan.network, (key) => attestationOf(key, this.#plan)),
    );
    const { disaster } = this.#plan;
    for (const copy of copiesOf(attestation.statement.xpub, masters, disaster)) {
      const wrapped = await slots.use(wallet, (entropy) => this.#wrap(entropy, attestation, copy));
      await this.#store(copy.name, wrapped);
    }
    return attestation;
  }

  /** @throws SignerError `backup_failed`. */
  async #store(name: string, wrapped: Buffer): Promise<void> {
    try {
      await writeToSites(this.#plan.backupSites, name, wrapped);
    } catch (cause) {
      throw new SignerError('backup_failed', 'The wrapped copy of the key is not safe at every site.', {
        retryable: true,
        cause,
        ...(cause instanceof Error ? { internal: cause.message } : {}),
      });
    }
  }

  /** A random key for the slot; whoever comes second finds it taken and uses what is there. */
  async #fill(wallet: string): Promise<void> {
    const entropy = newEntropy();
    try {
      await this.#plan.slots.put(wallet, entropy);
    } catch (thrown) {
      if (!isKeyring(thrown, 'slot_taken')) throw thrown;
    } finally {
      entropy.fill(0);
    }
  }

  async #wrap(entropy: Buffer, { statement }: KeyAttestation, copy: WrappedCopy): Promise<Buffer> {
    const path = join(this.#plan.envelopeDirectory, copy.name);
    try {
      await writeNewFile(path, copy.seal(entropy, contextOf(statement)));
    } catch (thrown) {
      if (!isKeyring(thrown, 'file_exists')) throw thrown;
    }
    return readRegularFile(path, { maxBytes: MAX_ENVELOPE_BYTES });
  }

  async use<T>(wallet: string, work: (key: AccountKey) => T): Promise<T> {
    try {
      return await this.#plan.slots.use(wallet, (entropy) => withKey(entropy, this.#plan.network, work));
    } catch (thrown) {
      if (!isKeyring(thrown, 'slot_missing')) throw thrown;
      throw new SignerError('platform_key_missing', 'The platform key of this wallet is not online.', {
        details: { wallet },
        cause: thrown,
      });
    }
  }

  erase(wallet: string): Promise<void> {
    return this.#plan.slots.erase(wallet);
  }

  has(wallet: string): Promise<boolean> {
    return this.#plan.slots.has(wallet);
  }

  async transportKey(name: string): Promise<Buffer> {
    const { slots } = this.#plan;
    const slot = transportSlot(name);
    if (!(await slots.has(slot))) {
      const { privateKey } = await generateMasterKey();
      const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
      try {
        await slots.put(slot, pkcs8);
      } catch (thrown) {
        if (!isKeyring(thrown, 'slot_taken')) throw thrown;
      } finally {
        pkcs8.fill(0);
      }
    }
    return slots.use(slot, (pkcs8) => masterPrivateKeyFrom(pkcs8).spki);
  }

  async takeBack(
    wallet: string,
    { statement }: KeyAttestation,
    name: string,
    envelope: Buffer,
    record: () => Promise<void>,
  ): Promise<void> {
    const { slots, network } = this.#plan;
    const entropy = await slots.use(transportSlot(name), (pkcs8) =>
      openForTransport(envelope, contextOf(statement), masterPrivateKeyFrom(pkcs8)),
    );
    try {
      if (withKey(entropy, network, (key) => key.xpub.text) !== statement.xpub) {
        throw new SignerError('platform_key_foreign', 'This is not the platform key of the wallet.', {
          details: { wallet },
        });
      }
      await record();
      await slots.put(wallet, entropy);
    } catch (thrown) {
      // It was brought back before, and its answer was lost.
      if (!isKeyring(thrown, 'slot_taken')) throw thrown;
    } finally {
      entropy.fill(0);
    }
  }

  eraseTransportKey(name: string): Promise<void> {
    return this.#plan.slots.erase(transportSlot(name));
  }
}

export function platformKeys(plan: PlatformKeysPlan): PlatformKeys {
  return new SlottedKeys(plan);
}
