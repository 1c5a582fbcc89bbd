import type { Database } from '../database/index.ts';
import type { KeyedHash } from '../http/index.ts';
import type { Clock, Id } from '../shared/index.ts';

export const CHANNELS = ['email', 'sms'] as const;
export type Channel = (typeof CHANNELS)[number];

/** A notice as it leaves. */
export interface OutgoingNotice {
  readonly id: Id<'notice'>;
  readonly to: string;
  /** For channels that have one. */
  readonly subject: string;
  readonly text: string;
}

/** One way to reach people. Returns when the message was taken; throws when it was not. */
export interface NoticeSender {
  send(notice: OutgoingNotice): Promise<void>;
}

export interface NoticeParts {
  readonly database: Database;
  readonly clock: Clock;
  /** Under which freeze links are signed; shared with whoever honours them. */
  readonly hash: KeyedHash;
}

export interface NoticeWorkParts extends NoticeParts {
  /** Channels that are set up; what has none is not told that way. */
  readonly senders: ReadonlyMap<Channel, NoticeSender>;
  /** Where people reach the pages, without a slash at the end. */
  readonly publicUrl: string;
}
