import canonicalizeJson from 'canonicalize';
import { SharedError } from './errors.ts';

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Deeper data than this is an attack on the reader's stack, not a document of ours. */
const MAX_DEPTH = 64;

function refuse(path: string, reason: string): never {
  throw new SharedError('json_not_canonical', `This value has no canonical JSON form: ${reason}.`, {
    details: { path, reason },
  });
}

/** Own members that are plain data; what hides, computes or is missing would be lost or could change. */
function checkMembers(value: object, path: string, depth: number): void {
  for (const key of Reflect.ownKeys(value)) {
    if (Array.isArray(value) && key === 'length') continue;
    if (typeof key === 'symbol') refuse(path, 'a key is a symbol');
    if (!key.isWellFormed()) refuse(path, 'a key holds half of a surrogate pair');
    const member = Object.getOwnPropertyDescriptor(value, key);
    if (member?.enumerable !== true || !('value' in member)) refuse(path, 'a member is hidden or computed');
    checkValue(member.value, `${path}/${key}`, depth + 1);
  }
}

function checkObject(value: object, path: string, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    const names = Object.keys(value);
    if (names.length !== value.length || names.some((name, index) => name !== String(index))) {
      refuse(path, 'an array has holes or names');
    }
  } else if (prototype !== Object.prototype && prototype !== null) {
    refuse(path, 'an object is not plain data');
  }
  checkMembers(value, path, depth);
}

function checkValue(value: unknown, path: string, depth: number): void {
  if (depth > MAX_DEPTH) refuse(path, 'it is nested too deeply');
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) refuse(path, 'a string holds half of a surrogate pair');
    return;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse(path, 'a number is not finite');
    return;
  }
  if (typeof value === 'object') checkObject(value, path, depth);
  else refuse(path, `a ${typeof value} is not JSON`);
}

/**
 * The canonical JSON text of a value (RFC 8785): one spelling for one value, so that hashes and signatures
 * agree everywhere. `undefined`, bigint, class instances, accessors, holes, symbol keys, non-finite numbers and lone
 * surrogates are refused rather than dropped. @throws SharedError `json_not_canonical`.
 */
export function canonicalJson(value: JsonValue): string {
  checkValue(value, '', 0);
  const text = canonicalizeJson(value);
  if (text === undefined) refuse('', 'it is undefined');
  return text;
}
