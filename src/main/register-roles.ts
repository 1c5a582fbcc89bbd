import type { Command } from 'commander';
import { registerLedgerVerify } from './commands/ledger.ts';
import { runRole, type RoleContext, type StartedRole } from './lifecycle/run-role.ts';
import { loadSettings, settingsHelp, type Role, type SettingsOf } from './settings/index.ts';

type Supervised = Extract<Role, 'api' | 'worker' | 'ledger' | 'signer' | 'witness' | 'node'>;

interface RoleEntry<R extends Supervised> {
  readonly description: string;
  /** Loaded when the role runs, so that each process holds the code of its own role and no other. */
  readonly load: () => Promise<(settings: SettingsOf<R>, context: RoleContext) => Promise<StartedRole>>;
}

const ROLE_ENTRIES: { readonly [R in Supervised]: RoleEntry<R> } = {
  api: {
    description: 'the REST API and the pages',
    load: async () => (await import('./roles/api.ts')).startApi,
  },
  worker: {
    description: 'follow the chain, carry withdrawals on, seal and deliver events',
    load: async () => (await import('./roles/worker.ts')).startWorker,
  },
  ledger: {
    description: 'the single writer of the payment ledger',
    load: async () => (await import('./roles/ledger.ts')).startLedger,
  },
  signer: {
    description: 'the platform cosigner, which checks everything from the bytes',
    load: async () => (await import('./roles/signer.ts')).startSigner,
  },
  witness: {
    description: 'countersign where the signer stands, from another host',
    load: async () => (await import('./roles/witness.ts')).startWitness,
  },
  node: {
    description: 'a regtest Bitcoin node for the sandbox',
    load: async () => (await import('./roles/node.ts')).startNode,
  },
};

function registerRole<R extends Supervised>(trilock: Command, role: R, entry: RoleEntry<R>): Command {
  return trilock
    .command(role)
    .description(entry.description)
    .addHelpText('after', settingsHelp(role))
    .action(async () => {
      const settings = loadSettings(role, process.env);
      const common = settings as SettingsOf<Supervised>;
      const start = await entry.load();
      await runRole({
        role,
        logLevel: common.TRILOCK_LOG_LEVEL,
        shutdownSeconds: common.TRILOCK_SHUTDOWN_SECONDS,
        monitor: common.TRILOCK_MONITOR,
        restarts: common.TRILOCK_RESTARTS,
        start: (context) => start(settings, context),
      });
    });
}

/** The long-running roles: one process each. */
export function registerRoles(trilock: Command): void {
  for (const role of Object.keys(ROLE_ENTRIES) as Supervised[]) {
    const command = registerRole(trilock, role, ROLE_ENTRIES[role] as RoleEntry<Supervised>);
    if (role === 'ledger') registerLedgerVerify(command);
  }
}
