import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ID_PREFIXES,
  SharedError,
  derivedId,
  idBytes,
  idFromUuid,
  idTimeMs,
  idToUuid,
  newId,
  parseId,
  type IdKind,
} from '../../src/shared/index.ts';

const kind = fc.constantFrom(...(Object.keys(ID_PREFIXES) as IdKind[]));
const uuidV7 = fc.uuid({ version: 7 });

test('prefixes are unique, so an id says what it names', () => {
  const prefixes = Object.values(ID_PREFIXES);
  expect(new Set(prefixes).size).toBe(prefixes.length);
});

test('a UUIDv7 survives its id, and the id survives parsing', () => {
  fc.assert(
    fc.property(kind, uuidV7, (name, uuid) => {
      const id = idFromUuid(name, uuid);
      expect(idToUuid(id)).toBe(uuid);
      expect(parseId(name, id)).toBe(id);
      expect(Buffer.from(idBytes(id)).toString('hex')).toBe(uuid.replaceAll('-', ''));
    }),
  );
});

test('text order is time order', () => {
  fc.assert(
    fc.property(uuidV7, uuidV7, (a, b) => {
      const [first, second] = [idFromUuid('event', a), idFromUuid('event', b)];
      expect(first < second).toBe(a < b);
    }),
  );
  const made = Array.from({ length: 2_000 }, () => newId('event'));
  expect([...made].sort()).toEqual(made);
  expect(new Set(made).size).toBe(made.length);
});

test('an id of one kind is never one of another', () => {
  fc.assert(
    fc.property(kind, kind, (a, b) => {
      fc.pre(a !== b);
      expect(() => parseId(b, newId(a))).toThrow(SharedError);
    }),
  );
});

test('reading anything gives a canonical id or a refusal by name', () => {
  fc.assert(
    fc.property(
      kind,
      fc.oneof(fc.string(), fc.stringMatching(/^[a-z]{2,3}_[0-9a-zA-Z]{24,28}$/)),
      (name, text) => {
        try {
          return idFromUuid(name, idToUuid(parseId(name, text))) === text;
        } catch (error) {
          return error instanceof SharedError;
        }
      },
    ),
  );
});

test.each([
  ['another version', 'cus_00000000008000000000000000'.slice(0, 30)],
  ['upper case', newId('customer').toUpperCase()],
  ['a letter too many', `${newId('customer')}0`],
  ['a line break', `${newId('customer')}\n`],
  ['nothing', ''],
])('refuses %s', (_what, text) => {
  expect(() => parseId('customer', text)).toThrow(expect.objectContaining({ code: 'id_malformed' }));
});

test('a variant other than RFC 9562 is refused', () => {
  // A UUIDv7 whose variant bits (top two of byte 8) are 00 instead of 10.
  const id = idFromUuid('customer', '0190163d-8694-739b-aea5-966c26f8ad91');
  const bytes = idBytes(id);
  bytes[8] = (bytes[8] ?? 0) & 0x3f;
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let body = '';
  for (let digit = 0; digit < 26; digit++, value >>= 5n) {
    body = '0123456789abcdefghjkmnpqrstvwxyz'.charAt(Number(value & 31n)) + body;
  }
  const text = `cus_${body}`;
  expect(() => parseId('customer', text)).toThrow(SharedError);
});

test('a derived id is the same every time, keeps the time of its source, and differs by step and kind', () => {
  fc.assert(
    fc.property(uuidV7, fc.string(), fc.string(), (uuid, stepA, stepB) => {
      const source = idFromUuid('request', uuid);
      const id = derivedId('transfer', source, stepA);
      expect(derivedId('transfer', source, stepA)).toBe(id);
      expect(parseId('transfer', id)).toBe(id);
      expect(idTimeMs(id)).toBe(idTimeMs(source));
      expect(derivedId('transfer', source, stepB) === id).toBe(stepA === stepB);
      expect(idToUuid(derivedId('withdrawal', source, stepA))).not.toBe(idToUuid(id));
    }),
  );
});
