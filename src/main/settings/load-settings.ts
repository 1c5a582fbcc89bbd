import { SharedError } from '../../shared/index.ts';
import { SETTINGS, type Role, type Setting, type SettingName, type SettingsOf } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

function invalid(name: string, text: string): SharedError {
  return new SharedError('config_invalid', text, { details: { setting: name } });
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function nearest(name: string): string {
  const ranked = Object.keys(SETTINGS)
    .map((known) => ({ known, distance: distance(name, known) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= 4 ? ` Did you mean ${best.known}?` : '';
}

/** Names that only tests read; the product ignores them. */
const TEST_PREFIX = 'TRILOCK_TEST_';

function refuseUnknown(environment: Environment): void {
  for (const name of Object.keys(environment)) {
    if (name.startsWith('TRILOCK_') && !name.startsWith(TEST_PREFIX) && !Object.hasOwn(SETTINGS, name)) {
      throw invalid(name, `${name} is not a setting of Trilock.${nearest(name)}`);
    }
  }
}

function parse(name: string, setting: Setting, given: string | undefined): unknown {
  const text = given === undefined || given === '' ? setting.fallback : given;
  if (text === undefined) {
    if (setting.optional === true) return undefined;
    throw invalid(name, `${name} is not set: ${setting.meaning}`);
  }
  const parsed = setting.schema.safeParse(text);
  if (parsed.success) return parsed.data;
  const shown = setting.secret === true ? '' : `, but is ${JSON.stringify(text.slice(0, 80))}`;
  throw invalid(name, `${name} must be ${parsed.error.issues[0]?.message ?? 'valid'}${shown}`);
}

/**
 * The settings of one role, from environment variables. An empty variable counts as not given.
 * @throws SharedError `config_invalid` with one clear line: a wrong, missing or unknown setting.
 */
export function loadSettings<R extends Role>(role: R, environment: Environment): SettingsOf<R> {
  refuseUnknown(environment);
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const [name, setting] of Object.entries(SETTINGS) as [SettingName, Setting][]) {
    if (setting.roles.includes(role)) values[name] = parse(name, setting, environment[name]);
  }
  return values as SettingsOf<R>;
}
