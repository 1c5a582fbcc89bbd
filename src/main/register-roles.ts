import type { Command } from 'commander';
import { runRole, type RoleContext, type StartedRole } from './lifecycle/run-role.ts';
import { loadSettings, settingsHelp, type Role, type SettingsOf } from './settings/index.ts';
import { startApi } from './roles/api.ts';
import { startLedger } from './roles/ledger.ts';
import { startNode } from './roles/node.ts';
import { startSigner } from './roles/signer.ts';
import { startWitness } from './roles/witness.ts';
import { startWorker } from './roles/worker.ts';

type Supervised = Exclude<Role, 'sandbox' | 'migrate' | 'audit' | 'staff'>;

function registerRole<R extends Supervised>(
  trilock: Command,
  role: R,
  description: string,
  start: (settings: SettingsOf<R>, context: RoleContext) => Promise<StartedRole>,
): void {
  trilock
    .command(role)
    .description(description)
    .addHelpText('after', settingsHelp(role))
    .action(async () => {
      const settings = loadSettings(role, process.env);
      const common = settings as SettingsOf<Supervised>;
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
  registerRole(trilock, 'api', 'the REST API and the pages', startApi);
  registerRole(
    trilock,
    'worker',
    'follow the chain, carry withdrawals on, seal and deliver events',
    startWorker,
  );
  registerRole(trilock, 'ledger', 'the single writer of the payment ledger', startLedger);
  registerRole(
    trilock,
    'signer',
    'the platform cosigner, which checks everything from the bytes',
    startSigner,
  );
  registerRole(trilock, 'witness', 'countersign where the signer stands, from another host', startWitness);
  registerRole(trilock, 'node', 'a regtest Bitcoin node for the sandbox', startNode);
}
