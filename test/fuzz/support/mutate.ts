import type { SeededRandom } from '../../ledger/simulation/world.ts';

/** Texts that programs trip over. */
const HOSTILE_TEXTS = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e\u200b\ufeff',
  '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ümläut 漢字 🦊',
  '__proto__',
  'constructor',
  "'; DROP TABLE app.wallet; --",
  '${7*7}{{7*7}}<script>alert(1)</script>',
  '../../../../etc/passwd',
  '-1',
  '0x10',
  '1e400',
  'NaN',
  '9'.repeat(400),
  'A'.repeat(70_000),
  '%00%ff',
  'null',
];
const HOSTILE_NUMBERS = [0, -0, -1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e21, 1e308, 5e-324];

function deep(levels: number, isArray: boolean): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = isArray ? [value] : { a: value };
  return value;
}

/** A JSON value to no one's liking. */
export function hostileValue(random: SeededRandom): unknown {
  switch (random.below(9)) {
    case 0:
      return random.pick(HOSTILE_NUMBERS);
    case 1:
      return random.pick([null, true, false, [], {}]);
    case 2:
      return deep(random.pick([10, 100, 1_000]), random.chance(0.5));
    case 3:
      return Array.from({ length: random.pick([1, 50, 3_000]) }, () =>
        random.pick(HOSTILE_TEXTS.slice(0, 8)),
      );
    case 4:
      return Object.fromEntries(Array.from({ length: random.below(200) }, (_, n) => [`k${n}`, n]));
    default:
      return random.pick(HOSTILE_TEXTS);
  }
}

export function hostileText(random: SeededRandom): string {
  return random.pick(HOSTILE_TEXTS);
}

/** A text cut off, doubled, in other letters, or with something foreign in it. */
export function spoiltText(random: SeededRandom, text: string): string {
  const at = random.below(text.length + 1);
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + random.pick(HOSTILE_TEXTS).slice(0, 40) + text.slice(at);
    case 2:
      return text + text;
    case 3:
      return text.slice(0, at) + String.fromCharCode(random.below(0x250)) + text.slice(at + 1);
    default:
      return random.chance(0.5) ? text.toUpperCase() : ` ${text} `;
  }
}

/** A copy with one place of it changed: replaced, spoilt, removed, doubled, or with a member that nobody knows. */
export function spoiltJson(random: SeededRandom, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value as unknown[];
    if (items.length === 0 || random.chance(0.2))
      return random.chance(0.5) ? [...items, ...items] : hostileValue(random);
    const at = random.below(items.length);
    return items.map((item, index) => (index === at ? spoiltJson(random, item) : item));
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    const dice = random.next();
    if (entries.length === 0 || dice < 0.1) return hostileValue(random);
    const at = random.below(entries.length);
    if (dice < 0.2) return Object.fromEntries(entries.filter((_, index) => index !== at));
    if (dice < 0.3) return { ...value, [hostileText(random)]: hostileValue(random) };
    return Object.fromEntries(
      entries.map(([name, member], index) => [name, index === at ? spoiltJson(random, member) : member]),
    );
  }
  if (typeof value === 'string' && random.chance(0.6)) return spoiltText(random, value);
  if (typeof value === 'number' && random.chance(0.5)) return random.pick(HOSTILE_NUMBERS);
  return hostileValue(random);
}

/** A copy with some bytes changed, cut out, doubled, or replaced by lengths that promise too much. */
export function spoiltBytes(random: SeededRandom, bytes: Uint8Array): Buffer {
  let spoilt: Buffer = Buffer.from(bytes);
  for (let times = random.between(1, 4); times > 0; times--) {
    const at = random.below(spoilt.length + 1);
    switch (random.below(6)) {
      case 0:
        if (at < spoilt.length) spoilt[at] = (spoilt[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        if (at < spoilt.length) spoilt[at] = random.pick([0, 1, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff]);
        break;
      case 2:
        spoilt = spoilt.subarray(0, at);
        break;
      case 3: {
        const end = Math.min(spoilt.length, at + random.between(1, 64));
        spoilt = Buffer.concat([spoilt.subarray(0, end), spoilt.subarray(at)]);
        break;
      }
      case 4:
        spoilt = Buffer.concat([
          spoilt.subarray(0, at),
          Buffer.from('ffffffffffffffffff', 'hex'),
          spoilt.subarray(at),
        ]);
        break;
      default:
        spoilt = Buffer.concat([
          spoilt.subarray(0, at),
          Buffer.from(Array.from({ length: random.between(1, 40) }, () => random.below(256))),
          spoilt.subarray(Math.min(spoilt.length, at + random.below(40))),
        ]);
    }
  }
  return spoilt;
}
