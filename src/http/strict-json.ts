import { HttpError } from './problem.ts';

/** Nothing of ours is nested deeper; a deeper document is an attack on whoever walks it. */
export const MAX_JSON_DEPTH = 16;

/** More members and elements than any request of ours has; it bounds the work per byte. */
export const MAX_JSON_NODES = 20_000;

function malformed(reason: string): HttpError {
  return new HttpError('request_malformed', `The body is not acceptable JSON: ${reason}.`, {
    details: { reason },
  });
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed('it is not valid UTF-8');
  }
}

/** End (exclusive) of the string literal that begins at `start`, in text known to be valid JSON. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function checkString(value: string): void {
  // PostgreSQL stores neither, so both would surface as a failure of ours far from their cause.
  if (!value.isWellFormed()) throw malformed('a string holds half of a surrogate pair');
  if (value.includes('\0')) throw malformed('a string holds NUL');
}

const NUMBER = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** Length of the number at `start`; one that a double cannot hold exactly enough is refused. */
function checkNumber(text: string, start: number): number {
  NUMBER.lastIndex = start;
  const literal = NUMBER.exec(text)?.[0] ?? '';
  const value = Number(literal);
  if (!Number.isFinite(value)) throw malformed('a number is too large');
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw malformed('a number is beyond 2^53; amounts are written as strings');
  }
  const significant = literal
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '');
  if (significant.length > 17) throw malformed('a number has more than 17 digits');
  return literal.length;
}

/** Keys seen so far for an object, null for an array. */
type Frame = Set<string> | null;

function checkKey(frame: Set<string>, key: string): void {
  if (key === '__proto__') throw malformed('a key is __proto__');
  if (frame.has(key)) throw malformed('an object has the same key twice');
  frame.add(key);
}

/** Walks valid JSON text and refuses what `JSON.parse` lets through: duplicate keys, depth, lossy numbers. */
function checkTokens(text: string): void {
  const frames: Frame[] = [];
  let nodes = 0;
  let expectsKey = false;
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (character === '"') {
      const end = endOfString(text, at);
      const value = JSON.parse(text.slice(at, end)) as string;
      checkString(value);
      const frame = frames.at(-1);
      if (expectsKey && frame) checkKey(frame, value);
      expectsKey = false;
      at = end;
      continue;
    }
    if (character === '-' || (character >= '0' && character <= '9')) {
      at += checkNumber(text, at);
      continue;
    }
    if (character === '{' || character === '[') {
      frames.push(character === '{' ? new Set() : null);
      if (frames.length > MAX_JSON_DEPTH) throw malformed(`it is nested deeper than ${MAX_JSON_DEPTH}`);
      expectsKey = character === '{';
    } else if (character === '}' || character === ']') {
      frames.pop();
      expectsKey = false;
    } else if (character === ',') {
      if (++nodes > MAX_JSON_NODES) throw malformed('it has too many members');
      expectsKey = frames.at(-1) instanceof Set;
    }
    at += 1;
  }
}

/**
 * Parses a request body (RFC 8259) more strictly than `JSON.parse`: valid UTF-8 without a byte order mark, no
 * duplicate keys, no `__proto__`, no NUL or lone surrogate, bounded depth and size, and no number that a
 * double would silently change. @throws HttpError `request_malformed`.
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the body, which may hold a password.
    throw malformed('the syntax is wrong');
  }
  checkTokens(text);
  return value;
}
