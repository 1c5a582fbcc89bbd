import { randomBytes } from 'node:crypto';
import { AES_KEY_BYTES, openAes, sealAes } from './aes-gcm.ts';
import {
  associatedData,
  beginsAs,
  decodeEnvelope,
  decodeLayer,
  encodeContext,
  encodeEnvelope,
  encodeLayer,
  type EnvelopeContext,
  type EnvelopeKind,
  type EnvelopeLayer,
  type LayerName,
  type SingleKind,
} from './envelope-format.ts';
import { KeyringError } from './errors.ts';
import { fingerprintOfSpki, type MasterPrivateKey, type MasterPublicKey } from './master-key.ts';
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
  layer: LayerName,
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

function openLayer(name: LayerName, layer: EnvelopeLayer, context: Buffer, master: MasterPrivateKey): Buffer {
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

function requireSecret(secret: Buffer): void {
  if (secret.length < MIN_SECRET_BYTES || secret.length > MAX_SECRET_BYTES) {
    throw new KeyringError('secret_invalid', 'An envelope holds a secret of 16 to 64 bytes.');
  }
}

/**
 * Wraps a secret of 16 to 64 bytes in two nested envelopes (docs/key-envelopes.md): AES-256-GCM under K1, K1 by
 * RSA-OAEP to the inner master; all of that under K2, K2 to the outer master. The caller zeroes `secret`.
 * @throws KeyringError `secret_invalid`, `masters_not_distinct`, `envelope_context_invalid`.
 */
export function sealEnvelope(secret: Buffer, context: EnvelopeContext, masters: Masters): Buffer {
  requireSecret(secret);
  requireTwoMasters(masters);
  const contextBytes = encodeContext(context);
  const inner = encodeLayer(sealLayer('inner', secret, contextBytes, masters.inner));
  return encodeEnvelope('nested', contextBytes, sealLayer('outer', inner, contextBytes, masters.outer));
}

/**
 * Wraps the same secret in one layer for the disaster key, whose private half only officers' shares together have.
 * The caller zeroes `secret`. @throws KeyringError `secret_invalid`, `envelope_context_invalid`.
 */
export function sealForDisaster(secret: Buffer, context: EnvelopeContext, disaster: MasterPublicKey): Buffer {
  return sealSingle('disaster', secret, context, disaster);
}

/**
 * Wraps the same secret in one layer for the machine that it is brought back to. The caller zeroes `secret`.
 * @throws KeyringError `secret_invalid`, `envelope_context_invalid`.
 */
export function sealForTransport(secret: Buffer, context: EnvelopeContext, to: MasterPublicKey): Buffer {
  return sealSingle('transport', secret, context, to);
}

function sealSingle(
  kind: SingleKind,
  secret: Buffer,
  context: EnvelopeContext,
  recipient: MasterPublicKey,
): Buffer {
  requireSecret(secret);
  const contextBytes = encodeContext(context);
  return encodeEnvelope(kind, contextBytes, sealLayer(kind, secret, contextBytes, recipient));
}

/** Whether a file is an envelope for the disaster key; what else it is, opening it tells. */
export function isForDisaster(blob: Buffer): boolean {
  return beginsAs('disaster', blob);
}

/** What an envelope says about itself. Nothing of it is proven before it was opened. */
export function readEnvelope(
  blob: Buffer,
  kind: EnvelopeKind = 'nested',
): {
  readonly context: EnvelopeContext;
  /** Fingerprint of the key that opens it first. */
  readonly outerMaster: string;
} {
  const { context, outer } = decodeEnvelope(kind, blob);
  return { context, outerMaster: outer.recipient.toString('hex') };
}

function decodeFor(kind: EnvelopeKind, blob: Buffer, expected: EnvelopeContext) {
  const { contextBytes, context, outer } = decodeEnvelope(kind, blob);
  if (encodeContext(expected).equals(contextBytes)) return { contextBytes, outer };
  throw new KeyringError('envelope_for_another_key', 'The envelope holds another key.', {
    details: {
      expected: expected.keyId,
      found: context.keyId,
      role: context.role,
      network: context.network,
    },
  });
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
  const { contextBytes, outer } = decodeFor('nested', blob, expected);
  const inner = openLayer('outer', outer, contextBytes, masters.outer);
  try {
    return openLayer('inner', decodeLayer(inner), contextBytes, masters.inner);
  } finally {
    inner.fill(0);
  }
}

/** Somebody who unwraps a key that was wrapped to them by RSA-OAEP, and gives the private half to nobody. */
export interface Unwrapper {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** @throws KeyringError `envelope_damaged`. */
  readonly unwrap: (wrappedKey: Uint8Array) => Promise<Uint8Array>;
}

/**
 * Opens the outer layer alone, by its holder: what comes out is still sealed to the inner recipient, and is handed to
 * them. @throws KeyringError `envelope_…` as `openEnvelope`.
 */
export function openOuterLayer(blob: Buffer, expected: EnvelopeContext, outer: MasterPrivateKey): Buffer {
  const { contextBytes, outer: layer } = decodeFor('nested', blob, expected);
  return openLayer('outer', layer, contextBytes, outer);
}

/**
 * Opens the inner layer that the outer's holder handed over. The caller zeroes the secret.
 * @throws KeyringError `envelope_malformed`, `envelope_for_other_masters`, `envelope_damaged`.
 */
export async function openInnerLayer(
  inner: Buffer,
  expected: EnvelopeContext,
  { spki, unwrap }: Unwrapper,
): Promise<Buffer> {
  const layer = decodeLayer(inner);
  const fingerprint = fingerprintOfSpki(Buffer.from(spki));
  if (layer.recipient.toString('hex') !== fingerprint) {
    throw new KeyringError('envelope_for_other_masters', 'The envelope is addressed to another key.', {
      details: { layer: 'inner', addressedTo: layer.recipient.toString('hex'), given: fingerprint },
    });
  }
  const key = Buffer.from(await unwrap(layer.wrappedKey));
  try {
    const context = encodeContext(expected);
    const secret =
      key.length === AES_KEY_BYTES
        ? openAes(key, layer.sealed, associatedData('inner', context, layer))
        : undefined;
    if (secret === undefined) throw damaged();
    return secret;
  } finally {
    key.fill(0);
  }
}

/** The same of a disaster envelope, with the key that enough shares gave. The caller zeroes the secret. */
export function openForDisaster(blob: Buffer, expected: EnvelopeContext, disaster: MasterPrivateKey): Buffer {
  const { contextBytes, outer } = decodeFor('disaster', blob, expected);
  return openLayer('disaster', outer, contextBytes, disaster);
}

/** The same of what was brought back, with the key of the machine that asked for it. The caller zeroes the secret. */
export function openForTransport(blob: Buffer, expected: EnvelopeContext, own: MasterPrivateKey): Buffer {
  const { contextBytes, outer } = decodeFor('transport', blob, expected);
  return openLayer('transport', outer, contextBytes, own);
}
