import { openDatabase } from '../../database/index.ts';
import { LedgerClient } from '../../ledger/client/index.ts';
import { parsePostgresUrl } from '../../postgres/index.ts';
import { isDomainError, systemClock } from '../../shared/index.ts';
import { readDocument } from '../../station/index.ts';
import { COMMAND_LINE, importPool, requestTreasury } from '../../wallets/index.ts';
import { manifestSource } from '../roles/manifest-source.ts';
import type { Institution, InstitutionPlaces } from './institution.ts';
import type { SandboxFacts } from './sandbox-facts.ts';

export interface FurnishPlan extends Pick<SandboxFacts, 'appDatabaseUrl' | 'ledgerSocket'> {
  readonly institution: Institution;
  readonly places: InstitutionPlaces;
  /** Whether two signers run, so that the wallet that both spend can be opened. */
  readonly hot: boolean;
}

/** Does a step that an earlier start has done already, perhaps. */
async function unlessDone(step: () => Promise<unknown>, doneCode: string): Promise<void> {
  try {
    await step();
  } catch (thrown) {
    if (!isDomainError(thrown) || thrown.code !== doneCode) throw thrown;
  }
}

/** Takes in the stations' key pools and asks for the treasury wallet, which the worker then opens. May be repeated. */
export async function furnish(plan: FurnishPlan): Promise<void> {
  const { institution, places } = plan;
  const database = openDatabase(parsePostgresUrl(plan.appDatabaseUrl));
  const ledger = new LedgerClient({ addresses: [{ path: plan.ledgerSocket }] });
  const parts = { database, ledger, clock: systemClock, network: 'regtest' as const };
  try {
    const manifest = await manifestSource(places.manifests, institution.firstManifestHash, 'regtest')();
    for (const file of [places.coldPool, places.backupPool]) {
      const pool = await readDocument(file);
      await unlessDone(() => importPool(parts, pool, manifest, COMMAND_LINE), 'pool_key_known');
    }
    const ask = (label: string, treasury: 'custodial' | 'treasury_hot'): Promise<void> =>
      unlessDone(() => requestTreasury(parts, label, COMMAND_LINE, treasury), 'treasury_exists');
    await ask('Treasury', 'custodial');
    if (plan.hot) await ask('Hot treasury', 'treasury_hot');
  } finally {
    ledger.close();
    await database.$disconnect();
  }
}
