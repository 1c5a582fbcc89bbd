import type { ErrorMap, HttpErrorCode } from './problem.ts';

/** The kit's own part of the error map. */
export const httpErrorMap = {
  request_malformed: { status: 400, title: 'The request cannot be read' },
  request_invalid: { status: 422, title: 'Some fields are not acceptable' },
  body_too_large: { status: 413, title: 'The body is too large' },
  media_type_unsupported: { status: 415, title: 'The body must be plain JSON' },
  authentication_required: { status: 401, title: 'Sign-in is needed' },
  credentials_invalid: { status: 401, title: 'The credentials do not count' },
  credentials_ambiguous: { status: 400, title: 'More than one credential was sent' },
  forbidden: { status: 403, title: 'The role does not include this' },
  scope_missing: { status: 403, title: 'The API key does not include this' },
  cross_site_refused: { status: 403, title: 'Requests of other sites are refused' },
  csrf_token_invalid: { status: 403, title: 'The CSRF token is missing or wrong' },
  route_unknown: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'The path does not take this method' },
  idempotency_key_missing: { status: 400, title: 'An idempotency key is needed' },
  idempotency_key_malformed: { status: 400, title: 'The idempotency key is malformed' },
  idempotency_key_in_progress: { status: 409, title: 'The first request is still in progress' },
  idempotency_key_reused: { status: 422, title: 'The key was used for another request' },
  precondition_required: { status: 428, title: 'The update must name a version' },
  precondition_failed: { status: 412, title: 'The version has changed' },
  cursor_invalid: { status: 400, title: 'The cursor does not belong here' },
  rate_limited: { status: 429, title: 'Too many requests' },
  timed_out: { status: 503, title: 'The answer took too long' },
  service_unavailable: { status: 503, title: 'The service is not available' },
  internal_error: { status: 500, title: 'Something failed on our side' },
} as const satisfies ErrorMap<HttpErrorCode>;
