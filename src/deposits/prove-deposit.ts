import { findIntent, isSuspicious, requireKind, verifyStored } from '../approvals/index.ts';
import { recordedAfter } from '../audit/index.ts';
import { parseTransaction } from '../bitcoin/index.ts';
import { ChainError, type ChainNode } from '../chain/index.ts';
import { inTransaction, type Database } from '../database/index.ts';
import { IntentError } from '../intents/index.ts';
import { formatSatoshis, isDomainError, type Clock } from '../shared/index.ts';
import { proveAddress, type ManifestSource, type ProvenAddress } from '../wallets/index.ts';
import { confirmationsFor, DUST_LIMIT } from './confirmations.ts';
import { isOvertaken, type Deposit, type DepositBlock, type DepositStep } from './deposit.ts';
import { DepositError } from './errors.ts';

// Rows are written by the follower, and by whoever else can write to the database. Before one moves a balance it is
// proven from what such a writer does not have: the signer's receipt, the chain, the audit log, people's signatures.

export interface ProofParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly node: Pick<ChainNode, 'transaction' | 'header' | 'tip'>;
  readonly manifest: ManifestSource;
}

/** Why a step is not taken now. */
export interface Unproven {
  readonly code: string;
  readonly text: string;
  /** Whether nothing honest explains it. Else it may pass, as when the chain has just moved. */
  readonly suspicious: boolean;
}

const TAKES_IN: ReadonlySet<DepositStep> = new Set(['hold', 'set_apart', 'credit', 'recredit', 'release']);
const CREDITS: ReadonlySet<DepositStep> = new Set(['credit', 'recredit', 'release']);

function damaged(reason: string): never {
  throw new DepositError('deposit_damaged', `The stored deposit is not what came in: ${reason}`);
}

/** What the tables say of wallet, address and owner agrees, and with the receipt. */
async function requireOwner({ database, manifest }: ProofParts, deposit: Deposit): Promise<ProvenAddress> {
  const address = await proveAddress(database, { manifest }, deposit.addressId);
  const { wallet } = address;
  if (deposit.walletId !== wallet.id) damaged('its address is one of another wallet.');
  if (deposit.balance !== (wallet.customerId === null ? 'spending' : 'vault')) damaged('its balance.');
  const owner = wallet.customerId ?? address.customerId;
  // Whom a quorum names, when nobody was given the address, is checked with the quorum's intent.
  if (deposit.customerId !== owner && (owner !== null || deposit.releaseIntent === null))
    damaged('its owner.');
  return address;
}

/** @throws ChainError when the node does not have it there, which may pass: the chain may just have moved. */
async function requireOutput(
  { node }: ProofParts,
  { txid, vout, satoshis }: Deposit,
  address: ProvenAddress,
  block: DepositBlock,
  isDeep: boolean,
): Promise<void> {
  const { height, onMainChain } = await node.header(block.hash);
  if (!onMainChain) throw new ChainError('block_not_found', 'Its block is not on the main chain.');
  if (height !== block.height) damaged('its height.');
  let bytes: Uint8Array;
  try {
    ({ bytes } = await node.transaction(txid, { blockHash: block.hash }));
  } catch (thrown) {
    if (!(thrown instanceof ChainError) || thrown.code !== 'transaction_not_found') throw thrown;
    return damaged('its block does not have its transaction.');
  }
  const { ins, outs } = parseTransaction(bytes);
  const output = outs[vout];
  if (output === undefined || Buffer.compare(output.script, address.script) !== 0) {
    damaged('its transaction does not pay its address.');
  }
  if (output.value !== satoshis) damaged('its amount.');
  const isCoinbase = ins.every(({ hash }) => hash.every((byte) => byte === 0));
  const needed = confirmationsFor(satoshis, isCoinbase);
  if (isDeep && (await node.tip()).height - height + 1 < needed) damaged('it is not deep enough yet.');
}

/** What is, or was, to be kept apart is credited by the word of a quorum alone. */
async function requireReleased(
  { database, clock, manifest }: ProofParts,
  deposit: Deposit,
  address: ProvenAddress,
): Promise<void> {
  if (deposit.releaseIntent === null) {
    const isOrdinary = address.branch === 'receive' && deposit.satoshis >= DUST_LIMIT;
    const setAside = await recordedAfter(database, deposit.id, 'deposit.set_aside');
    if (!isOrdinary || setAside.length > 0) damaged('nobody has let it go.');
    return;
  }
  const id = deposit.releaseIntent;
  const stored = await inTransaction(database, (tx) => findIntent(tx, id));
  const { intent } = requireKind(stored, 'deposit_release');
  const { body } = intent;
  const isSame =
    body.deposit === deposit.id &&
    body.outpoint === `${deposit.txid}:${deposit.vout}` &&
    body.satoshis === formatSatoshis(deposit.satoshis) &&
    body.customer === deposit.customerId;
  if (!isSame || stored.request === null) damaged('what lets it go is about something else.');
  // It was in time when it was carried out; what it sets going may take longer.
  const atMs = Math.min(clock.nowMs(), Date.parse(intent.expiresAt) - 1);
  await verifyStored(stored, await manifest(), atMs);
}

/**
 * Proves a deposit before a step of the books takes it in: that its address is derived by the descriptor which the
 * signer has pinned, whose it is, that the chain has such an output there, deep enough for a credit, and, if it was
 * kept apart, that a quorum let it go. Steps that undo are not asked, nor is one that was overtaken: there is nothing any
 * more to prove it by, and it is booked and undone at once. @returns undefined when all is so.
 * @throws ChainError and IntentError, when node or manifest are not to be had now.
 */
export async function unproven(
  parts: ProofParts,
  deposit: Deposit,
  step: DepositStep,
): Promise<Unproven | undefined> {
  const { block } = deposit;
  if (!TAKES_IN.has(step) || block === null || isOvertaken(deposit)) return undefined;
  try {
    const address = await requireOwner(parts, deposit);
    await requireOutput(parts, deposit, address, block, CREDITS.has(step));
    if (CREDITS.has(step)) await requireReleased(parts, deposit, address);
    return undefined;
  } catch (thrown) {
    if (!isDomainError(thrown) || thrown.retryable) throw thrown;
    const { code, message: text } = thrown;
    if (code === 'block_not_found') return { code: 'deposit_not_in_chain', text, suspicious: false };
    if (thrown instanceof IntentError && code.startsWith('manifest_')) throw thrown;
    if (isSuspicious(code)) return { code, text, suspicious: true };
    throw thrown;
  }
}
