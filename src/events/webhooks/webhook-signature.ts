import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

// Standard Webhooks 1.0, symmetric signatures: https://www.standardwebhooks.com

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const SECRET_BYTES = 32;
/** How far the sender's clock may be off, either way; older messages are replays. */
const TOLERANCE_SECONDS = 300;

/** The text in which a receiver gets a secret. */
export function secretText(secret: Uint8Array): string {
  return `whsec_${Buffer.from(secret).toString('base64')}`;
}

export function newSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

function signatureOf(secret: Uint8Array, id: string, timestampSeconds: number, body: string): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestampSeconds}.${body}`).digest();
}

/** The three headers of a message, signed under every secret given: two while one is being replaced. */
export function webhookHeaders(
  secrets: readonly Uint8Array[],
  id: string,
  timestampSeconds: number,
  body: string,
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const signatures = secrets.map((secret) => signatureOf(secret, id, timestampSeconds, body));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signatures.map((bytes) => `v1,${bytes.toString('base64')}`).join(' '),
  };
}

export interface ReceivedWebhook {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body exactly as it was received, before any parsing. */
  readonly body: string;
}

/** Why a message is not to be believed. */
export type WebhookRefusal =
  'secret_malformed' | 'header_missing' | 'timestamp_malformed' | 'timestamp_off' | 'signature_wrong';

/**
 * For receivers: whether a message was signed by the holder of the secret, and just now. Returns null when it
 * was, else why not. A message may come more than once: remember `webhook-id` for as long as retries last.
 * @param secret `whsec_…`
 */
export function verifyWebhook(
  secret: string,
  { headers, body }: ReceivedWebhook,
  nowMs: number,
): WebhookRefusal | null {
  const key = SECRET.exec(secret)?.[1];
  if (key === undefined) return 'secret_malformed';
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signatures = headers['webhook-signature'];
  if (!id || !timestamp || !signatures) return 'header_missing';
  if (!/^[0-9]{1,12}$/.test(timestamp)) return 'timestamp_malformed';
  const seconds = Number(timestamp);
  if (Math.abs(nowMs / 1_000 - seconds) > TOLERANCE_SECONDS) return 'timestamp_off';
  const expected = signatureOf(Buffer.from(key, 'base64'), id, seconds, body);
  const isSigned = signatures.split(' ').some((signature) => {
    const given = signature.startsWith('v1,') ? Buffer.from(signature.slice(3), 'base64') : Buffer.alloc(0);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return isSigned ? null : 'signature_wrong';
}
