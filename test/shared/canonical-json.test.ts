import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SharedError, canonicalJson, type JsonValue } from '../../src/shared/index.ts';

const wellFormed = fc.string({ unit: 'binary' });
const json = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    wellFormed,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(wellFormed, tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** The same value with the members of every object in reverse order. */
function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).reverse();
  return Object.fromEntries(members.map(([key, member]) => [key, reversed(member)]));
}

test('the text says what the value says, whatever the order of its members', () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(JSON.parse(text) as JsonValue)).toBe(text);
      expect(canonicalJson(reversed(value))).toBe(text);
      // -0 is written as 0: the only value whose text says less.
      expect(JSON.stringify(JSON.parse(text))).toBe(
        JSON.stringify(JSON.parse(JSON.stringify(JSON.parse(text)))),
      );
    }),
  );
});

test('the published example of RFC 8785 section 3.2.2', () => {
  const input = JSON.parse(
    String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
  ) as JsonValue;
  expect(canonicalJson(input)).toBe(
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  );
});

test('keys are sorted by UTF-16 code units (RFC 8785 section 3.2.3)', () => {
  const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
  const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])));
  expect(Object.keys(JSON.parse(text) as object)).toEqual([
    '1',
    '\r',
    '\u0080',
    '\u00f6',
    '\u20ac',
    '\ud83d\ude00',
    '\ufb33',
  ]);
});

class Money {
  readonly amount = 1;
}

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;

const sparse: unknown[] = [];
sparse[2] = 1;

test.each([
  ['undefined', undefined],
  ['a member that is undefined', { a: undefined }],
  ['a hole in an array', sparse],
  ['a bigint', 1n],
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['a date', new Date(0)],
  ['a class instance', new Money()],
  ['half of a surrogate pair', '\ud800'],
  ['a key with half of a surrogate pair', { '\udc00': 1 }],
  ['a cycle', cyclic],
  ['a map', new Map()],
  ['an object that decides its own text', { toJSON: () => 'other' }],
  ['a symbol key', { [Symbol('hidden')]: 1 }],
  ['an array with a name', Object.assign([1], { extra: 1 })],
])('refuses %s', (_what, value) => {
  expect(() => canonicalJson(value as JsonValue)).toThrow(SharedError);
});

test('an accessor is refused: it could say something else the second time', () => {
  const value = {
    get amount() {
      return 1;
    },
  };
  expect(() => canonicalJson(value)).toThrow(SharedError);
});
