import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { isDomainError, parseWeeklyWindows } from '../../shared/index.ts';

// The kinds of values that settings take. Each message ends the sentence "SETTING must be …".

function url(protocols: readonly string[], what: string) {
  return z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: what,
  });
}

export const postgresUrl = url(
  ['postgres:', 'postgresql:'],
  'a PostgreSQL address, postgres://user:password@host:port/database',
);

export const smtpUrl = url(['smtp:', 'smtps:'], 'an smtp or smtps address');

/** `notices@bank.example`, as a sender. */
export const mailAddress = z.email({ error: 'a mail address' }).max(254, { error: 'a mail address' });

export const httpUrl = url(['http:', 'https:'], 'an http or https address');

/** `http://a:8332,http://b:8332`: one, or an odd number, so that most of them is more than half. */
export const httpUrls = z
  .string()
  .transform((text) => text.split(','))
  .refine((urls) => urls.every((text) => httpUrl.safeParse(text).success), {
    error: 'http addresses separated by commas',
  })
  .refine((urls) => urls.length % 2 === 1 && urls.length <= 9 && new Set(urls).size === urls.length, {
    error: 'one, three, five … different addresses',
  });

export const port = z
  .string()
  .regex(/^[0-9]{1,5}$/, { error: 'a port, 0 to 65535 (0 takes any free one)' })
  .transform(Number)
  .refine((value) => value <= 65_535, { error: 'a port, 0 to 65535 (0 takes any free one)' });

export const absolutePath = z.string().refine(isAbsolute, { error: 'an absolute path' });

/** `/a,/b`; empty for none. */
export const absolutePaths = z
  .string()
  .transform((text) => text.split(',').filter((part) => part !== ''))
  .refine((paths) => paths.every((path) => isAbsolute(path)), {
    error: 'absolute paths separated by commas',
  });

/** A socket file, or host:port on which to listen or to which to connect. */
export const endpoint = z
  .string()
  .refine((text) => isAbsolute(text) || /^[A-Za-z0-9.:[\]-]+:[0-9]{1,5}$/.test(text), {
    error: 'an absolute socket path or host:port',
  });

/** `name=endpoint,name=endpoint` */
export const namedEndpoints = z.string().transform((text, context) => {
  const entries: [string, string][] = [];
  for (const part of text.split(',').filter((piece) => piece !== '')) {
    const separator = part.indexOf('=');
    const target = endpoint.safeParse(part.slice(separator + 1));
    if (separator < 1 || !target.success) {
      context.addIssue({
        code: 'custom',
        message: 'a list such as ledger=/run/trilock/ledger.monitor,worker=127.0.0.1:7401',
      });
      return z.NEVER;
    }
    entries.push([part.slice(0, separator), target.data]);
  }
  return new Map(entries);
});

export function oneOf<const Values extends readonly [string, ...string[]]>(...values: Values) {
  return z.enum(values, { error: `one of ${values.join(', ')}` });
}

export function wholeNumber(min: number, max: number, unit: string) {
  const what = `a whole number of ${unit} from ${min} to ${max}`;
  return z
    .string()
    .regex(/^[0-9]{1,12}$/, { error: what })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error: what });
}

export const shortText = z
  .string()
  .min(1, { error: 'not empty' })
  .max(200, { error: 'at most 200 characters' });

/** `Mon-Fri 09:00-10:00; Sat 12:00-12:30` */
export const weeklyWindows = z.string().transform((text, context) => {
  try {
    return parseWeeklyWindows(text);
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    const reason = String(thrown.details['reason']);
    context.addIssue({
      code: 'custom',
      message: `hours of the week, UTC, such as Mon-Fri 09:00-10:00,16:00-17:00; Sat 12:00-12:30 (${reason})`,
    });
    return z.NEVER;
  }
});

/** As an `Authorization` header takes it (RFC 6750). */
export const bearerKey = z
  .string()
  .regex(/^[A-Za-z0-9_.~+/-]{16,512}$/, { error: 'an API key: letters, digits, _ . ~ + / -' });

export const password = z.string().max(256, { error: 'at most 256 characters' });

/** One or more secrets of 32 bytes, hex, separated by commas. */
export const hexSecrets = z
  .string()
  .regex(/^[0-9a-f]{64}(,[0-9a-f]{64}){0,4}$/, {
    error: '64 hex digits, or up to five such secrets separated by commas',
  })
  .transform((text) => {
    const [current = '', ...earlier] = text.split(',');
    const secrets: [Buffer, ...Buffer[]] = [Buffer.from(current, 'hex')];
    for (const secret of earlier) secrets.push(Buffer.from(secret, 'hex'));
    return secrets;
  });

export const hexHash = z.string().regex(/^[0-9a-f]{64}$/, { error: '64 hex digits' });
