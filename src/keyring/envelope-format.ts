import { canonicalJson } from '../shared/index.ts';
import { NONCE_BYTES, TAG_BYTES } from './aes-gcm.ts';
import { KeyringError } from './errors.ts';
import { RSA_BYTES } from './rsa-oaep.ts';

/** Which key an envelope holds. It is public, and authenticated in both layers. */
export interface EnvelopeContext {
  /** See `keyIdOf`. */
  readonly keyId: string;
  /** Cosigner role: `platform`, `cold`, `backup`, `customer`. */
  readonly role: string;
  /** BIP32 fingerprint of the seed's master key: eight hex digits. */
  readonly fingerprint: string;
  readonly network: string;
}

/** One layer: a key wrapped to one master, and what is sealed under that key. */
export interface EnvelopeLayer {
  /** Fingerprint of the master, 32 bytes. */
  readonly recipient: Buffer;
  readonly wrappedKey: Buffer;
  /** Nonce, ciphertext, tag. */
  readonly sealed: Buffer;
}

/** Nested for two masters, or one layer: for the disaster key, or for the machine that a key is brought back to. */
export type EnvelopeKind = 'nested' | SingleKind;
export type SingleKind = 'disaster' | 'transport';
export type LayerName = 'inner' | 'outer' | SingleKind;

const MAGIC = {
  nested: Buffer.from('TLKE', 'latin1'),
  disaster: Buffer.from('TLKD', 'latin1'),
  transport: Buffer.from('TLKT', 'latin1'),
} as const;
const LAYER_CODES = { inner: 1, outer: 2, disaster: 3, transport: 4 } as const;
export const ENVELOPE_VERSION = 1;
const RECIPIENT_BYTES = 32;
const LAYER_HEAD_BYTES = RECIPIENT_BYTES + RSA_BYTES;
const CONTEXT_FIELDS = {
  keyId: /^[0-9a-f]{32}$/,
  role: /^[a-z][a-z_]{0,31}$/,
  fingerprint: /^[0-9a-f]{8}$/,
  network: /^[a-z]{1,16}$/,
} as const;
const MAX_CONTEXT_BYTES = 512;
/** No layer of ours is near it: a longer file is not an envelope. */
export const MAX_ENVELOPE_BYTES = 8_192;

export function malformedEnvelope(reason: string): KeyringError {
  return new KeyringError('envelope_malformed', 'This is not a key envelope.', { details: { reason } });
}

function isContext(value: unknown): value is EnvelopeContext {
  if (typeof value !== 'object' || value === null) return false;
  const entries = Object.entries(value);
  return (
    entries.length === Object.keys(CONTEXT_FIELDS).length &&
    Object.entries(CONTEXT_FIELDS).every(([name, pattern]) => {
      const field: unknown = (value as Record<string, unknown>)[name];
      return typeof field === 'string' && pattern.test(field);
    })
  );
}

/** The one spelling of a context: canonical JSON (RFC 8785). @throws KeyringError `envelope_context_invalid`. */
export function encodeContext({ keyId, role, fingerprint, network }: EnvelopeContext): Buffer {
  const context = { keyId, role, fingerprint, network };
  if (!isContext(context)) {
    throw new KeyringError(
      'envelope_context_invalid',
      'An envelope names key id, role, fingerprint, network.',
    );
  }
  return Buffer.from(canonicalJson(context));
}

/** What both layers authenticate beside their own head: magic, version, context, and which layer it is. */
export function associatedData(
  layer: LayerName,
  context: Buffer,
  head: { readonly recipient: Buffer; readonly wrappedKey: Buffer },
): Buffer {
  const magic = MAGIC[layer === 'inner' || layer === 'outer' ? 'nested' : layer];
  const start = [magic, Buffer.from([ENVELOPE_VERSION, LAYER_CODES[layer]])];
  return Buffer.concat([...start, lengthOf(context), context, head.recipient, head.wrappedKey]);
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return length;
}

export function encodeLayer({ recipient, wrappedKey, sealed }: EnvelopeLayer): Buffer {
  return Buffer.concat([recipient, wrappedKey, sealed]);
}

export function decodeLayer(bytes: Buffer): EnvelopeLayer {
  if (bytes.length <= LAYER_HEAD_BYTES + NONCE_BYTES + TAG_BYTES)
    throw malformedEnvelope('a layer is too short');
  return {
    recipient: bytes.subarray(0, RECIPIENT_BYTES),
    wrappedKey: bytes.subarray(RECIPIENT_BYTES, LAYER_HEAD_BYTES),
    sealed: bytes.subarray(LAYER_HEAD_BYTES),
  };
}

/** magic ‖ version ‖ length of context ‖ context ‖ outermost layer. */
export function encodeEnvelope(kind: EnvelopeKind, context: Buffer, outer: EnvelopeLayer): Buffer {
  const head = Buffer.concat([MAGIC[kind], Buffer.from([ENVELOPE_VERSION]), lengthOf(context), context]);
  return Buffer.concat([head, encodeLayer(outer)]);
}

/** Whether the bytes begin as an envelope of a kind. */
export function beginsAs(kind: EnvelopeKind, blob: Buffer): boolean {
  return blob.subarray(0, MAGIC[kind].length).equals(MAGIC[kind]);
}

/** @throws KeyringError `envelope_malformed`, `envelope_version_unknown`. */
export function decodeEnvelope(
  kind: EnvelopeKind,
  blob: Buffer,
): {
  readonly context: EnvelopeContext;
  readonly contextBytes: Buffer;
  readonly outer: EnvelopeLayer;
} {
  if (blob.length > MAX_ENVELOPE_BYTES) throw malformedEnvelope('it is too long');
  if (blob.length < 7 || !beginsAs(kind, blob)) throw malformedEnvelope('it does not begin as one');
  const version = blob.readUInt8(4);
  if (version !== ENVELOPE_VERSION) {
    throw new KeyringError('envelope_version_unknown', `Envelopes of version ${version} are not known here.`);
  }
  const contextLength = blob.readUInt16BE(5);
  const contextBytes = blob.subarray(7, 7 + contextLength);
  if (contextLength > MAX_CONTEXT_BYTES || contextBytes.length !== contextLength) {
    throw malformedEnvelope('its context is cut off');
  }
  const context = parseContext(contextBytes);
  return { context, contextBytes, outer: decodeLayer(blob.subarray(7 + contextLength)) };
}

function parseContext(bytes: Buffer): EnvelopeContext {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw malformedEnvelope('its context is not JSON');
  }
  if (!isContext(value) || !encodeContext(value).equals(bytes)) {
    throw malformedEnvelope('its context is not canonical');
  }
  return value;
}
