export { bearerKey } from './fields.ts';
export { loadSettings } from './load-settings.ts';
export { settingsHelp, settingsTable } from './settings-table.ts';
export { ROLES, type Role, type SettingsOf } from './settings.ts';
