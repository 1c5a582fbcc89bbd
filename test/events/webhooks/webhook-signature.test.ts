import { expect, it } from 'vitest';
import { verifyWebhook } from '../../../src/events/index.ts';
import { webhookHeaders } from '../../../src/events/webhooks/webhook-signature.ts';

// The example that the reference libraries of Standard Webhooks test themselves with.
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const TIME = 1_614_265_330;
const BODY = '{"test": 2432232314}';
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

const key = (secret: string): Buffer => Buffer.from(secret.slice('whsec_'.length), 'base64');
const headers = { 'webhook-id': ID, 'webhook-timestamp': String(TIME), 'webhook-signature': SIGNATURE };
const verify = (changed: Record<string, string | undefined>, body = BODY, nowMs = TIME * 1_000) =>
  verifyWebhook(SECRET, { headers: { ...headers, ...changed }, body }, nowMs);

it('signs as the specification’s example', () => {
  expect(webhookHeaders([key(SECRET)], ID, TIME, BODY)).toEqual(headers);
});

it('accepts the example, also beside signatures of other secrets and kinds', () => {
  expect(verify({})).toBeNull();
  expect(verify({ 'webhook-signature': `v1a,AAAA v1,AAAA ${SIGNATURE}` })).toBeNull();
});

it('accepts under either secret while one is being replaced, and under no third', () => {
  const other = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const third = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
  const message = { headers: webhookHeaders([key(other), key(SECRET)], ID, TIME, BODY), body: BODY };
  const results = [SECRET, other, third].map((secret) => verifyWebhook(secret, message, TIME * 1_000));
  expect(results).toEqual([null, null, 'signature_wrong']);
});

it.each([
  ['another body', {}, '{"test": 2432232315}', 'signature_wrong'],
  ['another id', { 'webhook-id': 'msg_other' }, BODY, 'signature_wrong'],
  ['another time', { 'webhook-timestamp': String(TIME + 1) }, BODY, 'signature_wrong'],
  ['no signature', { 'webhook-signature': undefined }, BODY, 'header_missing'],
  ['an empty id', { 'webhook-id': '' }, BODY, 'header_missing'],
  ['a time that is none', { 'webhook-timestamp': '1e9' }, BODY, 'timestamp_malformed'],
  ['another version', { 'webhook-signature': SIGNATURE.replace('v1', 'v2') }, BODY, 'signature_wrong'],
  ['half a signature', { 'webhook-signature': SIGNATURE.slice(0, 20) }, BODY, 'signature_wrong'],
] as const)('refuses %s', (_name, changed, body, refusal) => {
  expect(verify(changed, body)).toBe(refusal);
});

it('refuses a replay, a message from the future, and a secret that is none', () => {
  expect(verify({}, BODY, (TIME + 301) * 1_000)).toBe('timestamp_off');
  expect(verify({}, BODY, (TIME - 301) * 1_000)).toBe('timestamp_off');
  expect(verifyWebhook('secret', { headers, body: BODY }, TIME * 1_000)).toBe('secret_malformed');
});
