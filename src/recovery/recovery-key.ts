import {
  accountKeyFromExtendedPrivate,
  accountKeyFromSeed,
  bip48Account,
  seedOfMnemonic,
  type AccountKey,
  type DescriptorKey,
} from '../bitcoin/index.ts';
import {
  isForDisaster,
  keyIdOf,
  KeyringError,
  openEnvelope,
  openForDisaster,
  readEnvelope,
  seedOfEntropy,
  type EnvelopeContext,
  type MasterPrivateKey,
} from '../keyring/index.ts';
import { RecoveryError } from './errors.ts';
import type { CheckedKit } from './read-kit.ts';

/** What opens wrapped copies. */
export interface Openers {
  readonly masters: readonly MasterPrivateKey[];
  /** Of the institution’s officers, put together from their shares. */
  readonly disaster?: MasterPrivateKey;
}

/** What the holder of a key brings. */
export type KeyMaterial =
  /** A wrapped copy, and every master key at hand, or the disaster key; which of them open it is found out. */
  | ({ readonly kind: 'envelope'; readonly blob: Buffer } & Openers)
  /** The 32 bytes from which 24 words are made. The caller zeroes them. */
  | { readonly kind: 'entropy'; readonly entropy: Buffer }
  /** An account key that its holder has opened already. */
  | { readonly kind: 'account'; readonly key: AccountKey }
  /** English recovery words (BIP39), and their passphrase if there is one. */
  | { readonly kind: 'words'; readonly words: string; readonly passphrase?: string }
  /** The extended private key of the seed or of the account (BIP32). */
  | { readonly kind: 'xprv'; readonly text: string };

function foreign(): RecoveryError {
  return new RecoveryError('recovery_key_foreign', 'This key is none of the keys of the wallet.');
}

function contextOf({ kit }: CheckedKit, key: DescriptorKey): EnvelopeContext {
  const entry = kit.keys.find(({ xpub }) => xpub === key.xpub.text);
  if (entry === undefined) throw foreign();
  const { role, fingerprint, xpub } = entry;
  return { keyId: keyIdOf(xpub), role, fingerprint, network: kit.network };
}

/** The key of a wallet that an envelope says to hold. @throws RecoveryError `recovery_key_foreign`. */
function keyInEnvelope(checked: CheckedKit, blob: Buffer): DescriptorKey {
  const { context } = readEnvelope(blob, isForDisaster(blob) ? 'disaster' : 'nested');
  const key = checked.descriptor.keys.find(({ xpub }) => keyIdOf(xpub.text) === context.keyId);
  if (key === undefined) throw foreign();
  return key;
}

/** The wrapped keys that travel with the kit; none in most. */
export function kitEnvelopeBlobs({ kit }: CheckedKit): readonly Buffer[] {
  return (kit.envelopes?.items ?? []).map(({ blob }) => Buffer.from(blob, 'base64url'));
}

/** Opens a copy of whichever kind: for the disaster key, or for two masters, the inner one of which is found by trying. */
export function openWithAny(blob: Buffer, context: EnvelopeContext, { masters, disaster }: Openers): Buffer {
  if (!isForDisaster(blob)) return openNested(blob, context, masters);
  if (disaster !== undefined) return openForDisaster(blob, context, disaster);
  throw new RecoveryError(
    'recovery_masters_missing',
    'This wrapped key opens by the disaster key: give enough officers’ shares.',
  );
}

function openNested(blob: Buffer, context: EnvelopeContext, masters: readonly MasterPrivateKey[]): Buffer {
  const { outerMaster } = readEnvelope(blob);
  const outer = masters.find(({ fingerprint }) => fingerprint === outerMaster);
  for (const inner of masters) {
    if (outer === undefined || inner === outer) continue;
    try {
      return openEnvelope(blob, context, { inner, outer });
    } catch (thrown) {
      if (!(thrown instanceof KeyringError) || thrown.code !== 'envelope_for_other_masters') throw thrown;
    }
  }
  throw new RecoveryError(
    'recovery_masters_missing',
    outer === undefined
      ? 'The wrapped key needs another outer master than the ones given.'
      : 'The outer master fits; the inner master is not among the ones given.',
    { details: { outerMaster } },
  );
}

function fromSeed(checked: CheckedKit, seed: Uint8Array): AccountKey {
  const { descriptor } = checked;
  try {
    for (const { origin, xpub } of descriptor.keys) {
      const key = accountKeyFromSeed(seed, descriptor.network, bip48Account(origin.path, descriptor.network));
      if (key.xpub.text === xpub.text) return key;
      key.erase();
    }
  } finally {
    seed.fill(0);
  }
  throw foreign();
}

function fromEntropy(checked: CheckedKit, entropy: Buffer): AccountKey {
  return fromSeed(checked, seedOfEntropy(entropy));
}

function fromXprv({ descriptor }: CheckedKit, text: string): AccountKey {
  for (const expected of descriptor.keys) {
    try {
      return accountKeyFromExtendedPrivate(text.trim(), descriptor.network, expected);
    } catch {
      // Of another key of the wallet, or of none; the text is not told.
    }
  }
  throw foreign();
}

/**
 * The account key of a wallet that somebody brings, in whatever form. Whose it is comes from the kit: a key that is
 * none of the wallet’s is refused. The caller erases it.
 * @throws RecoveryError `recovery_key_foreign`, `recovery_masters_missing`; KeyringError `envelope_…`; BitcoinError
 * `mnemonic_invalid`.
 */
export function openRecoveryKey(checked: CheckedKit, material: KeyMaterial): AccountKey {
  switch (material.kind) {
    case 'entropy':
      return fromEntropy(checked, material.entropy);
    case 'account': {
      const known = checked.descriptor.keys.some(({ xpub }) => xpub.text === material.key.xpub.text);
      if (known) return material.key;
      material.key.erase();
      throw foreign();
    }
    case 'words':
      return fromSeed(
        checked,
        seedOfMnemonic(material.words.trim().replace(/\s+/g, ' '), material.passphrase),
      );
    case 'xprv':
      return fromXprv(checked, material.text);
    case 'envelope': {
      const { blob } = material;
      const context = contextOf(checked, keyInEnvelope(checked, blob));
      const entropy = openWithAny(blob, context, material);
      try {
        return fromEntropy(checked, entropy);
      } finally {
        entropy.fill(0);
      }
    }
  }
}
