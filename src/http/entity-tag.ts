import { HttpError } from './problem.ts';

/** The strong entity tag of a version (RFC 9110 section 8.8.3). */
export function entityTag(version: number): string {
  return `"v${version}"`;
}

const TAG = /^"v([1-9][0-9]{0,14})"$/;

/**
 * The version that the caller means to change, from `If-Match`. `*` is refused: it would overwrite whatever
 * is there. @throws HttpError `precondition_required` without the header or with one that names no version.
 */
export function versionFromIfMatch(header: string | undefined): number {
  const version = TAG.exec(header ?? '')?.[1];
  if (version === undefined) {
    throw new HttpError('precondition_required', 'An update names the version it changes: If-Match: "v<n>".');
  }
  return Number(version);
}

/** What a handler throws when its guarded update found another version. */
export function versionMismatch(): HttpError {
  return new HttpError('precondition_failed', 'This was changed meanwhile; read it again and decide anew.');
}
