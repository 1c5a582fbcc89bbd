import type { Command } from 'commander';
import { settingsTable } from '../settings/index.ts';

/** `trilock settings`: the table of every setting, as in the README. */
export function registerSettings(trilock: Command): void {
  trilock
    .command('settings')
    .description('print the table of every setting, in Markdown')
    .action(() => {
      process.stdout.write(`${settingsTable()}\n`);
    });
}
