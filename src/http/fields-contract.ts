import { z } from 'zod';
import {
  ID_PREFIXES,
  formatFeeRate,
  formatSatoshis,
  idFromUuid,
  isIdOf,
  parseFeeRate,
  parseSatoshis,
  type FeeRate,
  type Id,
  type IdKind,
  type Satoshis,
} from '../shared/index.ts';

/** A text field that PostgreSQL can store: no NUL. Half surrogate pairs are already refused by the parser. */
const NO_NUL = /^[^\0]*$/u;

function readable(read: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      read(text);
      return true;
    } catch {
      return false;
    }
  };
}

const EXAMPLE_UUID = '019342f0-6c00-7000-8000-000000000001';

/** An id of one kind; the same text on both sides. */
export function idField<Kind extends IdKind>(kind: Kind): z.ZodType<Id<Kind>, string> {
  const prefix = ID_PREFIXES[kind];
  const schema = z
    .string()
    .max(40)
    .refine((text) => isIdOf(kind, text), { error: `must be an id that begins with ${prefix}_` })
    .meta({ description: `Names one ${kind}`, examples: [idFromUuid(kind, EXAMPLE_UUID)] });
  // The refinement above is what the brand stands for.
  return schema;
}

function textCodec<T>(
  read: (text: string) => T,
  write: (value: T) => string,
  error: string,
  example: string,
): z.ZodType<T, string> {
  // The documentation shows what is sent, so the example stands on the wire's side of the codec.
  const wire = z
    .string()
    .max(40)
    .meta({ examples: [example] });
  return z.codec(wire.refine(readable(read), { error, abort: true }), z.custom<T>(), {
    decode: read,
    encode: write,
  });
}

/** Satoshis as a decimal string on the wire, `Satoshis` in the domain. */
export const satoshisField: z.ZodType<Satoshis, string> = textCodec(
  parseSatoshis,
  formatSatoshis,
  'must be a whole number of satoshis between 0 and 2100000000000000, in a string',
  '150000',
).meta({ id: 'Satoshis', description: 'A whole number of satoshis' });

/** A fee rate in sat/vB with up to three decimals on the wire, `FeeRate` (sat/kvB) in the domain. */
export const feeRateField: z.ZodType<FeeRate, string> = textCodec(
  parseFeeRate,
  formatFeeRate,
  'must be sat/vB with at most three decimals, in a string',
  '12.5',
).meta({ id: 'FeeRate', description: 'Satoshis per virtual byte' });

/** RFC 3339 in UTC on the wire, `Date` in the domain. */
export const timeField: z.ZodType<Date, string> = z
  .codec(z.iso.datetime().meta({ examples: ['2026-01-31T12:00:00.000Z'] }), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString(),
  })
  .meta({ id: 'Time', description: 'RFC 3339, UTC' });

/** A line of text for people: trimmed, no control characters, at most `max` UTF-16 units. */
export function lineField(max: number): z.ZodType<string, string> {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(NO_NUL, { error: 'must hold no NUL' })
    .refine((text) => text === text.trim() && !/\p{Cc}/u.test(text), {
      error: 'must be one line without surrounding space',
    });
}

/** The query of every list: how many at most, and where to go on. */
export const pageQuery = z.strictObject({
  limit: z
    .codec(z.string().regex(/^[1-9][0-9]{0,2}$/), z.number().int().min(1).max(200), {
      decode: Number,
      encode: String,
    })
    .optional()
    .meta({ description: 'How many at most, 1 to 200; 50 unless told' }),
  after: z.string().min(1).max(1000).optional().meta({ description: '`nextCursor` of the page before' }),
});

/** What `limit` is when the caller names none. */
export const DEFAULT_PAGE_LIMIT = 50;

/** One page of a list in stable order; `nextCursor` is null on the last page. */
export function pageOf<Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ items: z.ZodArray<Item>; nextCursor: z.ZodNullable<z.ZodString> }> {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
