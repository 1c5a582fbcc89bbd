import { DomainError } from '../shared/index.ts';

export type NoticeErrorCode = 'freeze_link_invalid' | 'freeze_link_expired' | 'freeze_link_used';

export class NoticeError extends DomainError<NoticeErrorCode> {}

/** How refusals about notices look over HTTP. */
export const noticeErrorMap = {
  freeze_link_invalid: { status: 422, title: 'The link is not one of ours' },
  freeze_link_expired: { status: 410, title: 'The link has expired' },
  freeze_link_used: { status: 409, title: 'The link was used before' },
} as const satisfies Readonly<Record<NoticeErrorCode, { status: number; title: string }>>;
