import { createTransport } from 'nodemailer';
import type { NoticeSender } from './notice-parts.ts';

const TIMEOUT_MS = 20_000;

export interface SmtpOptions {
  /** `smtps://user:password@host:465`, or `smtp://…` with STARTTLS, RFC 3207. */
  readonly url: string;
  readonly from: string;
  /** A server on this machine may be spoken to in the clear; any other must offer TLS. */
  readonly allowClear: boolean;
}

/** Mail by SMTP, RFC 5321. A repeated message has the same Message-ID, so that readers see it once. */
export function smtpSender({ url, from, allowClear }: SmtpOptions): NoticeSender {
  const transport = createTransport({
    url,
    requireTLS: !allowClear,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const host = from.slice(from.lastIndexOf('@') + 1).replaceAll(/[^A-Za-z0-9.-]/g, '');
  return {
    async send({ id, to, subject, text }) {
      await transport.sendMail({
        from,
        to: { name: '', address: to },
        subject,
        text,
        messageId: `<${id}@${host}>`,
      });
    },
  };
}
