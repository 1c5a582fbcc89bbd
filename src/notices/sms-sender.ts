import type { NoticeSender } from './notice-parts.ts';

const TIMEOUT_MS = 20_000;

export interface SmsGateway {
  /** Takes a POST of `{ "id", "to", "text" }`; any 2xx says that it was taken. */
  readonly url: string;
  /** Sent as a bearer token. */
  readonly token: string | undefined;
}

/** Text messages by a gateway over HTTP. The same id again is the same message. */
export function smsSender({ url, token }: SmsGateway): NoticeSender {
  return {
    async send({ id, to, text }) {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ id, to, text }),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the gateway answered ${response.status}`);
    },
  };
}
