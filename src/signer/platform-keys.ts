import { join } from 'node:path';
import {
  accountKeyFromSeed,
  formatKeyOrigin,
  provePossession,
  type AccountKey,
  type NetworkName,
} from '../bitcoin/index.ts';
import { keyStatementDigest, type KeyAttestation } from '../intents/index.ts';
import {
  keyIdOf,
  KeyringError,
  MAX_ENVELOPE_BYTES,
  newEntropy,
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

function attestationOf(key: AccountKey, { network, identity }: PlatformKeysPlan): KeyAttestation {
  const statement: KeyAttestation['statement'] = {
    purpose: 'account key',
    network,
    role: 'platform',
    origin: formatKeyOrigin(key.origin),
    xpub: key.xpub.text,
    source: `platform signer ${identity.publicKey.slice(0, 8)}`,
  };
  const digest = keyStatementDigest(statement);
  return {
    statement,
    possession: provePossession(key, 'platform', digest),
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
    const context = {
      keyId: keyIdOf(statement.xpub),
      role: 'platform',
      fingerprint: statement.origin.slice(1, 9),
      network: statement.network,
    };
    try {
      await writeNewFile(path, copy.seal(entropy, context));
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
}

export function platformKeys(plan: PlatformKeysPlan): PlatformKeys {
  return new SlottedKeys(plan);
}
