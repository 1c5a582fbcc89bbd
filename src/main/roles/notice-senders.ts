import { fileSender, smsSender, smtpSender, type Channel, type NoticeSender } from '../../notices/index.ts';
import { SharedError } from '../../shared/index.ts';
import type { SettingsOf } from '../settings/index.ts';

const LOOPBACK = /^(localhost|127\.[0-9.]+|\[::1\])$/;

function wrong(text: string): never {
  throw new SharedError('config_invalid', text);
}

function captured(directory: string, network: string): ReadonlyMap<Channel, NoticeSender> {
  if (network !== 'regtest') wrong('TRILOCK_NOTICE_DIRECTORY may be set on regtest only.');
  return new Map([
    ['email', fileSender(directory, 'email')],
    ['sms', fileSender(directory, 'sms')],
  ]);
}

/**
 * How customers are told, by channel; whatever is not set up is left out.
 * @throws SharedError `config_invalid` for half a set-up.
 */
export function noticeSenders(settings: SettingsOf<'worker'>): ReadonlyMap<Channel, NoticeSender> {
  const { TRILOCK_NOTICE_DIRECTORY: directory, TRILOCK_NETWORK: network } = settings;
  const { TRILOCK_SMTP_URL: smtp, TRILOCK_SMTP_FROM: from, TRILOCK_SMS_URL: sms } = settings;
  if ((smtp === undefined) !== (from === undefined))
    wrong('TRILOCK_SMTP_URL and TRILOCK_SMTP_FROM go together.');
  const senders = new Map<Channel, NoticeSender>(directory === undefined ? [] : captured(directory, network));
  if (smtp !== undefined && from !== undefined) {
    const allowClear = LOOPBACK.test(new URL(smtp).hostname);
    senders.set('email', smtpSender({ url: smtp, from, allowClear }));
  }
  if (sms !== undefined) senders.set('sms', smsSender({ url: sms, token: settings.TRILOCK_SMS_TOKEN }));
  if (senders.size > 0 && settings.TRILOCK_PUBLIC_URL === undefined) {
    wrong('Notices need TRILOCK_PUBLIC_URL, where their links lead.');
  }
  return senders;
}
