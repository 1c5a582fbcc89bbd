import { SETTINGS, type Role, type Setting } from './settings.ts';

function defaultOf(setting: Setting): string {
  if (setting.fallback !== undefined) return setting.fallback === '' ? 'none' : `\`${setting.fallback}\``;
  return setting.optional === true ? 'none' : '**required**';
}

/** The table of every setting as it stands in the README, in Markdown. */
export function settingsTable(): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, setting]: [string, Setting]) =>
      `| \`${name}\` | ${setting.roles.join(', ')} | ${defaultOf(setting)} | ${setting.meaning} |`,
  );
  return ['| setting | read by | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

/** The settings of one role, for its `--help`. */
export function settingsHelp(role: Role): string {
  const lines = (Object.entries(SETTINGS) as [string, Setting][])
    .filter(([, setting]) => setting.roles.includes(role))
    .map(
      ([name, setting]) =>
        `  ${name}  (${defaultOf(setting).replace(/[`*]/g, '')})\n      ${setting.meaning}`,
    );
  return ['', 'Settings (environment variables):', ...lines].join('\n');
}
