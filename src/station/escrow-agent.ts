import {
  escrowLayerSchema,
  fromBase64Url,
  toBase64Url,
  type EscrowEnvelope,
  type EscrowLayer,
} from '../intents/index.ts';
import {
  openInnerLayer,
  openOuterLayer,
  type EnvelopeContext,
  type MasterPrivateKey,
  type Unwrapper,
} from '../keyring/index.ts';
import { StationError } from './errors.ts';

/** @throws StationError `document_malformed`. */
export function parseEscrowLayer(value: unknown): EscrowLayer {
  const parsed = escrowLayerSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new StationError('document_malformed', 'This is not what an escrow agent hands over.');
}

function contextOf({
  keyId,
  fingerprint,
  network,
}: Pick<EscrowEnvelope, 'keyId' | 'fingerprint' | 'network'>): EnvelopeContext {
  return { keyId, role: 'cold', fingerprint, network };
}

/**
 * The escrow agent's part: opens the agent's own layer. What comes out is still sealed to the customer's master lock.
 * @throws KeyringError `envelope_…`.
 */
export function openAsAgent(
  envelope: Omit<EscrowEnvelope, 'lock' | 'agent'>,
  key: MasterPrivateKey,
): EscrowLayer {
  const { version, network, wallet, keyId, fingerprint } = envelope;
  const blob = Buffer.from(fromBase64Url(envelope.blob) ?? []);
  const inner = openOuterLayer(blob, contextOf(envelope), key);
  return {
    purpose: 'escrow layer',
    ...{ version, network, wallet, keyId, fingerprint },
    inner: toBase64Url(inner),
  };
}

/** The customer's part: the cold key's entropy, by the master lock. The caller zeroes it. @throws KeyringError `envelope_…`. */
export function openEscrowed(layer: EscrowLayer, lock: Unwrapper): Promise<Buffer> {
  return openInnerLayer(Buffer.from(fromBase64Url(layer.inner) ?? []), contextOf(layer), lock);
}
