import type { JsonValue } from '../shared/index.ts';

/** What stands in place of a secret. */
export const REDACTED = '[redacted]';

/** Members whose values are secrets whatever they look like, compared without case, `_` and `-`. */
const SECRET_NAMES = [
  'password',
  'passphrase',
  'passcode',
  'secret',
  'mnemonic',
  'seed',
  'privatekey',
  'privkey',
  'signingkey',
  'xprv',
  'token',
  'cookie',
  'authorization',
  'apikey',
  'totp',
  'otp',
  'recoverycode',
  'pin',
  'share',
] as const;

/** Names that end like a secret's and are none: public halves, hashes and ids of secrets. */
const HARMLESS_ENDINGS = ['id', 'hash', 'count', 'at', 'expiry', 'fingerprint', 'kind', 'name', 'length'];

/**
 * Values that are secrets wherever they stand: PEM private keys, extended private keys (BIP32, SLIP132), and
 * private keys in Wallet Import Format.
 */
const SECRET_VALUES = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b[xtyzuvYZUV]prv[1-9A-HJ-NP-Za-km-z]{50,}/,
  /(?<![1-9A-HJ-NP-Za-km-z])(?:[5][1-9A-HJ-NP-Za-km-z]{50}|[KLc9][1-9A-HJ-NP-Za-km-z]{50,51})(?![1-9A-HJ-NP-Za-km-z])/,
];

/** `apiKeyHash` → `api`, `key`, `hash`: compared by words, so that `shareholder` and `spinning` stay. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
}

function namesSecret(name: string): boolean {
  const words = wordsOf(name);
  if (HARMLESS_ENDINGS.includes(words.at(-1) ?? '')) return false;
  const singular = words.map((word) => word.replace(/s$/, ''));
  const candidates = [
    ...words,
    ...singular,
    ...words.map((word, index) => `${word}${singular[index + 1] ?? ''}`),
  ];
  return SECRET_NAMES.some((secret) => candidates.includes(secret));
}

/**
 * The same value with every secret replaced by `[redacted]`, by name and by looks. A second line: callers
 * name what changed and leave secrets out; this keeps a mistake from being kept for ever.
 */
export function withoutSecrets(value: JsonValue): JsonValue {
  if (typeof value === 'string') {
    return SECRET_VALUES.some((pattern) => pattern.test(value)) ? REDACTED : value;
  }
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(withoutSecrets);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]: [string, JsonValue]) => [
      name,
      namesSecret(name) && member !== null ? REDACTED : withoutSecrets(member),
    ]),
  );
}
