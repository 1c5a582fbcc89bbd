import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HttpError } from '../../src/http/index.ts';
import { MAX_JSON_DEPTH, parseStrictJson } from '../../src/http/strict-json.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');

function outcome(input: Uint8Array): unknown {
  try {
    return { value: parseStrictJson(input) };
  } catch (error) {
    if (error instanceof HttpError) return error.code;
    throw error;
  }
}

test('what it accepts, it reads exactly as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.boolean(), (value, spaced) => {
      const text = JSON.stringify(value, null, spaced ? 2 : 0);
      const result = outcome(bytes(text));
      if (typeof result === 'object') expect(result).toEqual({ value: JSON.parse(text) as unknown });
    }),
  );
});

test('any bytes whatever are read or refused by name, and what is not JSON is never read', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.string().map(bytes)), (input) => {
      const result = outcome(input);
      if (result === 'request_malformed') return;
      expect(result).toEqual({ value: JSON.parse(Buffer.from(input).toString('utf8')) as unknown });
    }),
  );
});

test('a duplicate key is refused at any depth and in any spelling', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 5 }), (key, depth) => {
      fc.pre(key !== '__proto__' && !key.includes('\0') && key.isWellFormed());
      const plain = JSON.stringify(key);
      const escaped = `"${Array.from({ length: key.length }, (_, i) => `\\u${key.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;
      const object = `{${plain}:1,"other":[{}],${escaped}:2}`;
      const text = `${'{"a":['.repeat(depth)}${object}${']}'.repeat(depth)}`;
      fc.pre(key !== 'other');
      expect(outcome(bytes(text))).toBe('request_malformed');
    }),
  );
});

test.each([
  ['duplicate keys', '{"a":1,"a":1}'],
  ['a duplicate key in another spelling', '{"a":1,"\\u0061":1}'],
  ['__proto__', '{"__proto__":{"admin":true}}'],
  ['a byte order mark', '\uFEFF{}'],
  ['NUL', '"\\u0000"'],
  ['half of a surrogate pair', '"\\ud800"'],
  ['a key with half of a surrogate pair', '{"\\udfff":1}'],
  ['an integer beyond 2^53', '9007199254740993'],
  ['an integer beyond 2^53 in another spelling', '9.007199254740993e15'],
  ['a number that is infinite', '1e999'],
  ['more digits than a double holds', '0.12345678901234567890'],
  ['too deep an array', '['.repeat(MAX_JSON_DEPTH + 1) + ']'.repeat(MAX_JSON_DEPTH + 1)],
  ['too many elements', `[${'0,'.repeat(30_000)}0]`],
  ['truncated', '{"a":'],
  ['a trailing comma', '[1,]'],
  ['two documents', '{}{}'],
  ['nothing', ''],
  ['a comment', '{}//'],
  ['NaN', 'NaN'],
])('refuses %s', (_what, text) => {
  expect(outcome(bytes(text))).toBe('request_malformed');
});

test.each([
  [[0xff]],
  [[0x22, 0xc3, 0x28, 0x22]],
  [[0x22, 0xed, 0xa0, 0x80, 0x22]],
  [[0x22, 0xf8, 0x88, 0x80, 0x80, 0x80, 0x22]],
  [[0x22, 0xc0, 0xaf, 0x22]],
])('refuses bytes that are not UTF-8: %j', (input) => {
  expect(outcome(Uint8Array.from(input))).toBe('request_malformed');
});

test('as deep as allowed is read', () => {
  const text = '['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH);
  expect(outcome(bytes(text))).toEqual({ value: JSON.parse(text) as unknown });
});

test('the refusal does not repeat the body, which may hold a password', () => {
  expect(() => parseStrictJson(bytes('{"password":"hunter2hunter2"'))).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }),
  );
});
