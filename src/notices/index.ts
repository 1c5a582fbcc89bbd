export { noticeErrorMap, type NoticeErrorCode } from './errors.ts';
export { fileSender } from './file-sender.ts';
export type { Channel, NoticeSender, NoticeWorkParts } from './notice-parts.ts';
export { noticeRoutes } from './notice-routes.ts';
export { sendNotice } from './send-notice.ts';
export { smsSender } from './sms-sender.ts';
export { smtpSender } from './smtp-sender.ts';
export { spreadNotices } from './spread-notices.ts';
