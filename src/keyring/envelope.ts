import { randomBytes } from 'node:crypto';
import { AES_KEY_BYTES, openAes, sealAes } from './aes-gcm.ts';
import {
  associatedData,
  decodeEnvelope,
  decodeLayer,
  encodeContext,
  encodeEnvelope,
  encodeLayer,
  type EnvelopeContext,
  type EnvelopeLayer,
} from './envelope-format.ts';
import { KeyringError } from './errors.ts';
import type { MasterPrivateKey, MasterPublicKey } from './master-key.ts';
import { unwrapRsa, wrapRsa } from './rsa-oaep.ts';

/** The two masters of an envelope, held by different people. */
export interface Masters<Key extends MasterPublicKey = MasterPublicKey> {
  /** A: the seed's own key is wrapped to it. */
  readonly inner: Key;
  /** B: opens only what A must still open. */
  readonly outer: Key;
}

const MIN_SECRET_BYTES = 16;
const MAX_SECRET_BYTES = 64;

function damaged(): KeyringError {
  return new KeyringError('envelope_damaged', 'The envelope cannot be opened: it is damaged or was changed.');
}

/** @throws KeyringError `masters_not_distinct`: one holder alone could open the envelope. */
export function requireTwoMasters({ inner, outer }: Masters): void {
  if (inner.fingerprint === outer.fingerprint) {
    throw new KeyringError('masters_not_distinct', 'The two masters of an envelope are two different keys.');
  }
}

function sealLayer(
  layer: 'inner' | 'outer',
  plaintext: Buffer,
  context: Buffer,
  master: MasterPublicKey,
): EnvelopeLayer {
  const key = randomBytes(AES_KEY_BYTES);
  try {
    const head = {
      recipient: Buffer.from(master.fingerprint, 'hex'),
      wrappedKey: wrapRsa(master.key, key),
    };
    return { ...head, sealed: sealAes(key, plaintext, associatedData(layer, context, head)) };
  } finally {
    key.fill(0);
  }
}

function openLayer(
  name: 'inner' | 'outer',
  layer: EnvelopeLayer,
  context: Buffer,
  master: MasterPrivateKey,
): Buffer {
  if (layer.recipient.toString('hex') !== master.fingerprint) {
    throw new KeyringError('envelope_for_other_masters', 'The envelope is addressed to another master key.', {
      details: { layer: name, addressedTo: layer.recipient.toString('hex'), given: master.fingerprint },
    });
  }
  const key = unwrapRsa(master.privateKey, layer.wrappedKey);
  try {
    const plaintext =
      key?.length === AES_KEY_BYTES
        ? openAes(key, layer.sealed, associatedData(name, context, layer))
        : undefined;
    if (plaintext === undefined) throw damaged();
    return plaintext;
  } finally {
    key?.fill(0);
  }
}

/**
 * Wraps a secret of 16 to 64 bytes in two nested envelopes (docs/key-envelopes.md): AES-256-GCM under K1, K1 by
 * RSA-OAEP to the inner master; all of that under K2, K2 to the outer master. The caller zeroes `secret`.
 * @throws KeyringError `secret_invalid`, `masters_not_distinct`, `envelope_context_invalid`.
 */
export function sealEnvelope(secret: Buffer, context: EnvelopeContext, masters: Masters): Buffer {
  if (secret.length < MIN_SECRET_BYTES || secret.length > MAX_SECRET_BYTES) {
    throw new KeyringError('secret_invalid', 'An envelope holds a secret of 16 to 64 bytes.');
  }
  requireTwoMasters(masters);
  const contextBytes = encodeContext(context);
  const inner = encodeLayer(sealLayer('inner', secret, contextBytes, masters.inner));
  return encodeEnvelope(contextBytes, sealLayer('outer', inner, contextBytes, masters.outer));
}

/** What an envelope says about itself. Nothing of it is proven before it was opened. */
export function readEnvelope(blob: Buffer): {
  readonly context: EnvelopeContext;
  readonly outerMaster: string;
} {
  const { context, outer } = decodeEnvelope(blob);
  return { context, outerMaster: outer.recipient.toString('hex') };
}

/**
 * Opens an envelope with both masters, if it holds the very key that is `expected`. The caller zeroes the secret.
 * @throws KeyringError `envelope_malformed`, `envelope_version_unknown`, `envelope_for_another_key` (a blob that was
 * moved to another key's name), `envelope_for_other_masters`, `envelope_damaged`.
 */
export function openEnvelope(
  blob: Buffer,
  expected: EnvelopeContext,
  masters: Masters<MasterPrivateKey>,
): Buffer {
  const { contextBytes, context, outer } = decodeEnvelope(blob);
  if (!encodeContext(expected).equals(contextBytes)) {
    throw new KeyringError('envelope_for_another_key', 'The envelope holds another key.', {
      details: {
        expected: expected.keyId,
        found: context.keyId,
        role: context.role,
        network: context.network,
      },
    });
  }
  const inner = openLayer('outer', outer, contextBytes, masters.outer);
  try {
    return openLayer('inner', decodeLayer(inner), contextBytes, masters.inner);
  } finally {
    inner.fill(0);
  }
}
