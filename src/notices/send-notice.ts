import { inTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { describeError, idFromUuid, latestDue } from '../shared/index.ts';
import { FREEZE_LINK_LIFETIME_MS, freezeToken } from './freeze-link.ts';
import { CHANNELS, type Channel, type NoticeWorkParts, type OutgoingNotice } from './notice-parts.ts';

/** Outlasts every attempt. */
const CLAIM_MS = 120_000;
const MINUTE_MS = 60_000;
/** Pauses after the first, second … failed attempt: soon at first, since whoever is told may have to act. */
const PAUSES_MS = [5_000, 30_000, ...[2, 10, 30, 60, 180, 360, 720].map((minutes) => minutes * MINUTE_MS)];
const MAX_FAILURE_LENGTH = 200;

interface Claimed {
  id: string;
  customerId: string;
  eventId: string;
  channel: string;
  address: string;
  subject: string;
  text: string;
  attempts: number;
  createdAt: Date;
}

async function claim({ database, clock, senders }: NoticeWorkParts): Promise<Claimed | undefined> {
  const nowMs = clock.nowMs();
  const now = new Date(nowMs);
  const until = new Date(nowMs + CLAIM_MS);
  const channels = [...senders.keys()];
  const [claimed] = await database.$queryRaw<Claimed[]>`
    UPDATE app.notice n SET attempts = n.attempts + 1, claimed_until = ${until}
    WHERE n.id = (
      SELECT d.id FROM app.notice d
      WHERE d.state = 'pending' AND d.channel = ANY (${channels})
        AND (d.next_attempt_at <= ${now} OR d.next_attempt_at > ${latestDue(nowMs, 2 * Math.max(...PAUSES_MS))})
        AND (d.claimed_until IS NULL OR d.claimed_until <= ${now} OR d.claimed_until > ${latestDue(nowMs, 2 * CLAIM_MS)})
      ORDER BY d.next_attempt_at, d.id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING n.id, n.customer_id AS "customerId", n.event_id AS "eventId", n.channel, n.address, n.subject, n.text,
      n.attempts, n.created_at AS "createdAt"`;
  return claimed;
}

/** The link is made when it leaves and stands in no table. */
function linkOf({ hash, publicUrl }: NoticeWorkParts, claimed: Claimed): string {
  const token = freezeToken(hash, {
    customer: idFromUuid('customer', claimed.customerId),
    event: idFromUuid('event', claimed.eventId),
    expiresAtMs: claimed.createdAt.getTime() + FREEZE_LINK_LIFETIME_MS,
  });
  return `${publicUrl}/lock#${token}`;
}

function outgoing(parts: NoticeWorkParts, claimed: Claimed): OutgoingNotice {
  const { address: to, subject, text } = claimed;
  const link = linkOf(parts, claimed);
  const isShort = claimed.channel === 'sms';
  const lines = [text, '', 'Was this not you? Lock your account at once:', link, ''];
  return {
    id: idFromUuid('notice', claimed.id),
    ...{ to, subject },
    text: isShort ? `${text} Not you? Lock your account: ${link}` : lines.join('\n'),
  };
}

async function settle(parts: NoticeWorkParts, claimed: Claimed, failure: string | null): Promise<void> {
  const { database, clock } = parts;
  const nowMs = clock.nowMs();
  const pause = failure === null ? undefined : PAUSES_MS[claimed.attempts - 1];
  const state = failure === null ? 'sent' : pause === undefined ? 'failed' : 'pending';
  await inTransaction(database, async (tx) => {
    const { count } = await tx.notice.updateMany({
      where: { id: claimed.id, attempts: claimed.attempts, state: 'pending' },
      data: {
        ...{ state, failure, claimedUntil: null },
        settledAt: state === 'pending' ? null : new Date(nowMs),
        ...(pause === undefined ? {} : { nextAttemptAt: new Date(nowMs + pause) }),
      },
    });
    if (count !== 1 || state !== 'failed') return;
    const subject = idFromUuid('customer', claimed.customerId);
    const text = `No ${claimed.channel} notice reached the customer: ${failure ?? ''}`;
    const by = { actor: { kind: 'process', id: 'worker' }, strength: 'process' } as const;
    await raiseAlert(tx, { subject, code: 'notice_undeliverable', during: 'notice.send', text }, by, clock);
  });
}

function channelOf(name: string): Channel {
  const channel = CHANNELS.find((known) => known === name);
  if (channel === undefined) throw new RangeError(`a notice has the channel ${name}`);
  return channel;
}

/**
 * Attempts one notice that is due, and returns 1, or 0 when none is. Sends at least once: killed between sending and
 * recording, the same message goes out again under the same id.
 */
export async function sendNotice(parts: NoticeWorkParts): Promise<number> {
  const claimed = await claim(parts);
  if (claimed === undefined) return 0;
  let failure: string | null = null;
  try {
    await parts.senders.get(channelOf(claimed.channel))?.send(outgoing(parts, claimed));
  } catch (thrown) {
    failure = describeError(thrown).slice(0, MAX_FAILURE_LENGTH);
  }
  await settle(parts, claimed, failure);
  return 1;
}
