import { expect, it } from 'vitest';
import { WebhookError } from '../../../src/events/index.ts';
import { nextAttempt } from '../../../src/events/webhooks/retry-schedule.ts';
import { endpointUrl, isAllowedAddress } from '../../../src/events/webhooks/webhook-target.ts';

it.each([
  '127.0.0.1',
  '127.8.9.10',
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '64:ff9b::a00:1',
  'fe80::1',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  '2002:7f00:1::',
  '2001::1',
  '2001:db8::1',
  'example.com',
  '',
])('%s is not public', (address) => {
  expect(isAllowedAddress(address, false)).toBe(false);
});

it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111'])('%s is public', (address) => {
  expect(isAllowedAddress(address, false)).toBe(true);
});

it('the sandbox reaches itself, and still nobody else’s insides', () => {
  expect(['127.0.0.1', '::1'].map((address) => isAllowedAddress(address, true))).toEqual([true, true]);
  const others = ['10.0.0.1', '169.254.169.254', 'fe80::1', '::ffff:127.0.0.1'];
  expect(others.some((address) => isAllowedAddress(address, true))).toBe(false);
});

it.each([
  'http://example.com/',
  'ftp://example.com/',
  'https://user:pass@example.com/',
  'https://example.com/#part',
  'https://127.0.0.1/',
  'https://0x7f.1/',
  'https://2130706433/',
  'https://0177.0.0.1/',
  'https://[::1]/',
  'https://[::ffff:7f00:1]/',
  'https://169.254.169.254/latest/meta-data',
  'javascript:alert(1)',
  '/hook',
  'https://',
])('%s is refused as an endpoint', (url) => {
  expect(() => endpointUrl(url, false)).toThrow(WebhookError);
});

it('an https URL by name, or by public address, is taken in normal form', () => {
  expect(endpointUrl('HTTPS://Example.com/a?b=c', false)).toBe('https://example.com/a?b=c');
  expect(endpointUrl('https://8.8.8.8:8443', false)).toBe('https://8.8.8.8:8443/');
});

it('tries again by the schedule, a tenth sooner or later, and at last no more', () => {
  const seconds = (chance: number) =>
    Array.from({ length: 10 }, (_, index) => {
      const next = nextAttempt(0, index + 1, chance);
      return next === null ? null : next.getTime() / 1_000;
    });
  expect(seconds(0.5)).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, null]);
  expect(seconds(0).slice(0, 2)).toEqual([4.5, 270]);
  expect(nextAttempt(0, 1, 0.999999)!.getTime()).toBeLessThanOrEqual(5_500);
});
