import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { EXIT_CONFIG, exitWith } from './lifecycle/exit.ts';
import { registerAudit } from './commands/audit.ts';
import { registerMigrate } from './commands/migrate.ts';
import { registerSettings } from './commands/settings.ts';
import { registerStaff } from './commands/staff.ts';
import { registerRoles } from './register-roles.ts';
import { registerSandbox } from './sandbox/register-sandbox.ts';

/** The whole command line. Each group of commands is registered by a file of its own. */
function program(): Command {
  const trilock = new Command('trilock')
    .description(packageJson.description)
    .version(packageJson.version)
    .showHelpAfterError('(trilock --help shows every command)')
    .exitOverride();
  registerSandbox(trilock);
  registerRoles(trilock);
  registerMigrate(trilock);
  registerAudit(trilock);
  registerStaff(trilock);
  registerSettings(trilock);
  return trilock;
}

/** Runs one command line, without the program's name. Ends the process with one clear line when it fails. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    // Commander has already printed help, the version, or what is wrong with the command line.
    if (thrown instanceof CommanderError) process.exit(thrown.exitCode === 0 ? 0 : EXIT_CONFIG);
    exitWith(thrown);
  }
}
