import { MIN_RELAY_SATS_PER_KVB } from './load-bcoin.ts';
import type { EmbeddedChain } from './embedded-chain.ts';
import { isVerifyError, type BcoinMempoolEntry, type BcoinTx, type BcoinView } from './bcoin-types.ts';

/** A replacement pays for its own relay on top of what it replaces (BIP125 rule 4); Bitcoin Core 30's default. */
const INCREMENTAL_RELAY_SATS_PER_KVB = 100;
/** BIP125 rule 5. */
const MAX_REPLACED = 100;
/** Bitcoin Core's `-dustrelayfee`: 3 sat/vB. */
const DUST_SATS_PER_KVB = 3000;
/** Shorter transactions can be mistaken for inner nodes of the Merkle tree (CVE-2017-12842); Core refuses them. */
const MIN_STRIPPED_BYTES = 65;
const MAX_STANDARD_DATA_BYTES = 100_000;

export type Verdict =
  | {
      readonly allowed: true;
      readonly entry: BcoinMempoolEntry;
      readonly view: BcoinView;
      readonly replaces: readonly BcoinMempoolEntry[];
    }
  /** Words as Bitcoin Core writes them, so that one map reads both nodes. */
  | { readonly allowed: false; readonly reason: string };

function refused(reason: string): Verdict {
  return { allowed: false, reason };
}

/** Bytes of the output and of the input that would spend it, at three satoshis each (policy/policy.cpp, GetDustThreshold). */
function isDust(value: number, script: Buffer): boolean {
  const witness =
    script.length >= 4 &&
    script.length <= 42 &&
    script[1] === script.length - 2 &&
    (script[0] === 0 || ((script[0] ?? 0) >= 0x51 && (script[0] ?? 0) <= 0x60));
  const outputBytes = 8 + 1 + script.length;
  const inputBytes = witness ? 32 + 4 + 1 + Math.floor(107 / 4) + 4 : 32 + 4 + 1 + 107 + 4;
  return value < Math.floor(((outputBytes + inputBytes) * DUST_SATS_PER_KVB) / 1000);
}

function policyRefusal(tx: BcoinTx): string | undefined {
  if (tx.toNormal().length < MIN_STRIPPED_BYTES) return 'tx-size-small';
  let dataBytes = 0;
  for (const output of tx.outputs) {
    if (output.script.isUnspendable()) dataBytes += output.script.toRaw().length;
    else if (isDust(output.value, output.script.toRaw())) return 'dust';
  }
  return dataBytes > MAX_STANDARD_DATA_BYTES ? 'datacarrier' : undefined;
}

function feeFor(satsPerKvb: number, virtualBytes: number): number {
  return Math.ceil((satsPerKvb * virtualBytes) / 1000);
}

/**
 * The replacement rules of BIP125 that Bitcoin Core 28 and later still apply: every unconfirmed transaction may
 * be replaced (rule 1, signalling, is gone), by one that spends nothing of what it replaces, pays a higher rate
 * than each direct conflict, and pays all their fees plus its own relay; at most 100 may go.
 */
function replacementRefusal(
  node: EmbeddedChain,
  entry: BcoinMempoolEntry,
  conflicts: readonly BcoinMempoolEntry[],
  replaces: readonly BcoinMempoolEntry[],
): string | undefined {
  const gone = new Set(replaces.map((item) => item.hash('hex')));
  const parents = node.mempool.getAncestors(entry);
  if (parents.some((parent) => gone.has(parent.hash('hex')))) return 'bad-txns-spends-conflicting-tx';
  if (replaces.length > MAX_REPLACED) return 'too many potential replacements';
  for (const conflict of conflicts) {
    if (entry.fee * conflict.size <= conflict.fee * entry.size)
      return 'insufficient fee, rejecting replacement: its rate is not higher';
  }
  const replacedFees = replaces.reduce((sum, item) => sum + item.fee, 0);
  if (entry.fee < replacedFees + feeFor(INCREMENTAL_RELAY_SATS_PER_KVB, entry.size)) {
    return 'insufficient fee, rejecting replacement: it does not pay for its relay';
  }
  return undefined;
}

function conflictsOf(
  node: EmbeddedChain,
  tx: BcoinTx,
): { direct: BcoinMempoolEntry[]; all: BcoinMempoolEntry[] } {
  const direct = new Map<string, BcoinMempoolEntry>();
  for (const { prevout } of tx.inputs) {
    const spender = node.mempool.getSpent(prevout.hash, prevout.index);
    if (spender !== undefined) direct.set(spender.hash('hex'), spender);
  }
  const all = new Map(direct);
  for (const entry of direct.values()) {
    for (const descendant of node.mempool.getDescendants(entry)) all.set(descendant.hash('hex'), descendant);
  }
  return { direct: [...direct.values()], all: [...all.values()] };
}

const SCRIPT_FAILURE = 'mempool-script-verify-flag-failed (the script did not succeed)';

/** Whether the memory pool would take a transaction that is neither in it nor in the chain; changes nothing. */
export async function judge(node: EmbeddedChain, tx: BcoinTx): Promise<Verdict> {
  const { bcoin, chain, mempool } = node;
  const [sane, insanity] = tx.checkSanity();
  if (!sane) return refused(insanity);
  if (tx.isCoinbase()) return refused('coinbase');
  const unfit = policyRefusal(tx);
  if (unfit !== undefined) return refused(unfit);
  if (!(await mempool.verifyFinal(tx, bcoin.standardLockTimeFlags))) return refused('non-final');
  const view = await mempool.getCoinView(tx);
  if (tx.inputs.some(({ prevout }) => !view.hasEntry(prevout))) return refused('missing-inputs');
  const entry = bcoin.MempoolEntry.fromTX(tx, view, chain.height);
  const minimum = feeFor(MIN_RELAY_SATS_PER_KVB, entry.size);
  if (entry.fee >= 0 && entry.fee < minimum)
    return refused(`min relay fee not met, ${entry.fee} < ${minimum}`);
  const { direct, all } = conflictsOf(node, tx);
  if (direct.length > 0) {
    const refusal = replacementRefusal(node, entry, direct, all);
    if (refusal !== undefined) return refused(refusal);
  }
  try {
    await mempool.verify(entry, view);
  } catch (thrown) {
    if (!isVerifyError(thrown)) throw thrown;
    return refused(thrown.reason.includes('script-verify-flag') ? SCRIPT_FAILURE : thrown.reason);
  }
  return { allowed: true, entry, view, replaces: all };
}

/** Puts a transaction that was judged allowed into the memory pool, in the place of what it replaces. */
export async function admit(
  node: EmbeddedChain,
  verdict: Verdict & { readonly allowed: true },
): Promise<void> {
  for (const replaced of verdict.replaces) {
    const still = node.mempool.getEntry(replaced.hash('hex'));
    if (still !== undefined) node.mempool.evictEntry(still);
  }
  await node.mempool.addEntry(verdict.entry, verdict.view);
}
