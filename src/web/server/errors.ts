import { DomainError } from '../../shared/index.ts';

export type WebErrorCode = 'web_build_failed' | 'web_not_built';

export class WebError extends DomainError<WebErrorCode> {}
