import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { EXIT_CONFIG, exitWith } from './lifecycle/exit.ts';

type Register = (trilock: Command) => void;

/**
 * Groups of commands by their first word. Each is loaded only when it is asked for, so that the offline station
 * holds no code that knows networks and databases, and the signer none of the pages.
 */
const GROUPS: Readonly<Record<string, () => Promise<Register>>> = {
  demo: async () => (await import('./demo/register-demo.ts')).registerDemo,
  sandbox: async () => (await import('./sandbox/register-sandbox.ts')).registerSandbox,
  '(roles)': async () => (await import('./register-roles.ts')).registerRoles,
  migrate: async () => (await import('./commands/migrate.ts')).registerMigrate,
  audit: async () => (await import('./commands/audit.ts')).registerAudit,
  policy: async () => (await import('./commands/policy.ts')).registerPolicyTools,
  pool: async () => (await import('./commands/wallets.ts')).registerPool,
  wallets: async () => (await import('./commands/wallets.ts')).registerWallets,
  staff: async () => (await import('./commands/staff.ts')).registerStaff,
  'signer-admin': async () => (await import('./commands/signer.ts')).registerSignerAdmin,
  station: async () => (await import('./commands/station.ts')).registerStation,
  manifest: async () => (await import('./commands/manifest.ts')).registerManifest,
  'customer-key': async () => (await import('./commands/customer.ts')).registerCustomerKey,
  'master-lock': async () => (await import('./commands/master-lock.ts')).registerMasterLock,
  customer: async () => (await import('./commands/customer.ts')).registerCustomer,
  withdrawals: async () => (await import('./commands/withdrawals.ts')).registerWithdrawals,
  escrow: async () => (await import('./commands/escrow.ts')).registerEscrow,
  drill: async () => (await import('./commands/drill.ts')).registerDrill,
  recover: async () => (await import('./commands/recover.ts')).registerRecover,
  approve: async () => (await import('./commands/approve.ts')).registerApprove,
  delegate: async () => (await import('./commands/delegate.ts')).registerDelegate,
  'verify-withdrawal': async () => (await import('./commands/verify-withdrawal.ts')).registerVerifyWithdrawal,
  client: async () => (await import('./client/register-client.ts')).registerClient,
  settings: async () => (await import('./commands/settings.ts')).registerSettings,
};

const ROLE_WORDS = new Set(['api', 'worker', 'ledger', 'signer', 'witness', 'node']);

/** The command line for these words: one group when they name one, else everything, for help and refusals. */
async function program([first = '']: readonly string[]): Promise<Command> {
  const trilock = new Command('trilock')
    .description(packageJson.description)
    .version(packageJson.version)
    .showHelpAfterError('(trilock --help shows every command)')
    .exitOverride();
  const group = ROLE_WORDS.has(first) ? '(roles)' : first;
  const wanted = Object.hasOwn(GROUPS, group) ? [group] : Object.keys(GROUPS);
  for (const name of wanted) (await GROUPS[name]?.())?.(trilock);
  return trilock;
}

/** Runs one command line, without the program's name. Ends the process with one clear line when it fails. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    await (await program(argv)).parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    // Commander has already printed help, the version, or what is wrong with the command line.
    if (thrown instanceof CommanderError) process.exit(thrown.exitCode === 0 ? 0 : EXIT_CONFIG);
    exitWith(thrown);
  }
}
