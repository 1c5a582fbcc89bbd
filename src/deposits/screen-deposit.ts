import { addressOfScript, outpointOf, parseTransaction, type NetworkName } from '../bitcoin/index.ts';
import { ChainError, type ChainNode } from '../chain/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { idToUuid, type Clock } from '../shared/index.ts';
import type { Deposit, DepositStep } from './deposit.ts';
import { quarantineDeposit } from './quarantine-deposit.ts';

/** The institution's lists of addresses, whoever keeps them. */
export interface DepositScreening {
  /** What is to be stopped because it comes from one of these addresses; in words, for staff. */
  listed(tx: DatabaseTransaction, addresses: readonly string[], now: Date): Promise<readonly string[]>;
}

export interface ScreeningParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly node: Pick<ChainNode, 'transaction'>;
  /** Without it nothing is screened. */
  readonly screening?: DepositScreening & { readonly network: NetworkName };
}

const WORKER = { actor: { kind: 'process', id: 'worker' }, strength: 'process' } as const;
const NO_TRANSACTION = '00'.repeat(32);
/** What is asked for at once. */
const AT_ONCE = 20;

async function found(node: ScreeningParts['node'], txid: string, blockHash?: string) {
  try {
    return parseTransaction(
      (await node.transaction(txid, blockHash === undefined ? {} : { blockHash })).bytes,
    );
  } catch (thrown) {
    // A node without an index of transactions does not have every earlier one.
    if (thrown instanceof ChainError && thrown.code === 'transaction_not_found') return undefined;
    throw thrown;
  }
}

interface Sources {
  /** Script in hex, and its address if there is one for it. */
  readonly scripts: ReadonlyMap<string, string | null>;
  /** How many outputs the node does not have. */
  readonly unknown: number;
}

/** Where a deposit's coins come from, as far as the node has it: the scripts of the outputs that it spends. */
async function sourcesOf(
  node: ScreeningParts['node'],
  network: NetworkName,
  { txid, block }: Deposit,
): Promise<Sources> {
  const spending = await found(node, txid, block?.hash);
  const spent = (spending?.ins ?? [])
    .map((input) => outpointOf(input).split(':'))
    .map(([id = '', index]) => ({ txid: id, index: Number(index) }))
    .filter((outpoint) => outpoint.txid !== NO_TRANSACTION);
  const wanted = [...new Set(spent.map((outpoint) => outpoint.txid))];
  const parents = new Map<string, Awaited<ReturnType<typeof found>>>();
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const some = wanted.slice(at, at + AT_ONCE);
    const transactions = await Promise.all(some.map((id) => found(node, id)));
    some.forEach((id, index) => parents.set(id, transactions[index]));
  }
  const outputs = spent.map((outpoint) => parents.get(outpoint.txid)?.outs[outpoint.index]);
  const scripts = new Map<string, string | null>();
  for (const output of outputs) {
    if (output === undefined) continue;
    const address = addressOfScript(output.script, network)?.text ?? null;
    scripts.set(Buffer.from(output.script).toString('hex'), address);
  }
  return { scripts, unknown: outputs.filter((output) => output === undefined).length };
}

/**
 * Notes where a deposit comes from before the lists are asked: an address that is listed in between is found by
 * whoever asks here, or by whoever looks for past deposits from it.
 */
async function noteSources(database: Database, { id }: Deposit, { scripts }: Sources): Promise<void> {
  const depositId = idToUuid(id);
  const data = [...scripts].map(([script, address]) => ({ depositId, script, address }));
  if (data.length > 0) await database.depositSource.createMany({ data, skipDuplicates: true });
}

/**
 * Asks the lists about where a deposit comes from, right before it is credited. One that is listed is set aside, for
 * the audit log with the reason, and operators hear of it; the step after this one puts it into suspense, and a quorum
 * alone credits it. What the node does not have is told to operators and does not stop a credit.
 * @returns whether it was set aside. @throws ChainError when the node is away.
 */
export async function screenDeposit(
  { database, clock, node, screening }: ScreeningParts,
  deposit: Deposit,
  step: DepositStep,
): Promise<boolean> {
  const isCredit = step === 'credit' || step === 'recredit';
  if (screening === undefined || !isCredit || deposit.begun !== null || deposit.quarantine !== null)
    return false;
  const sources = await sourcesOf(node, screening.network, deposit);
  await noteSources(database, deposit, sources);
  const { scripts, unknown } = sources;
  const addresses = [...scripts.values()].filter((address) => address !== null);
  return await inTransaction(database, async (tx) => {
    const during = 'deposit.screen';
    const subject = deposit.id;
    if (unknown > 0) {
      const text = `The node does not have ${unknown} of the outputs that the deposit spends: give it an index of transactions.`;
      await raiseAlert(tx, { subject, code: 'deposit_sources_unknown', during, text }, WORKER, clock);
    }
    const listed = await screening.listed(tx, addresses, new Date(clock.nowMs()));
    if (listed.length === 0) return false;
    const text = `It comes from listed addresses. ${listed.join(' ')}`.slice(0, 500);
    await quarantineDeposit(tx, clock, deposit.id, WORKER, text);
    await raiseAlert(tx, { subject, code: 'deposit_from_listed', during, text }, WORKER, clock);
    return true;
  });
}
