import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseTransaction, transactionId } from '../../../src/bitcoin/index.ts';
import { ChainError, ChainQuorum, connectNode, guardNode, type ChainNode } from '../../../src/chain/index.ts';
import { satoshis, systemClock } from '../../../src/shared/index.ts';
import { buildSpend, OP_TRUE_SCRIPT } from '../support/faucet-spends.ts';
import { numberedScript, startTestNode, type TestNode } from '../support/followed-chain.ts';
import { refusing, startHostileProxy, type Fault, type HostileProxy } from '../support/hostile-proxy.ts';

const COIN = 100_000n;
/** Far more than a node needs that is well, however much else this machine does. */
const TIMEOUT_MS = 1_000;
let nodes: readonly [TestNode, TestNode, TestNode];
let proxies: readonly [HostileProxy, HostileProxy, HostileProxy];
let clients: readonly ChainNode[];
let quorum: ChainQuorum;

/** Of the whole chain, the first block's first. */
async function hashesOf({ node }: TestNode): Promise<readonly string[]> {
  const { height } = await node.tip();
  return (await node.headers(0, height + 1)).map(({ hash }) => hash);
}

/** What one node has, the others have too. */
async function share(): Promise<void> {
  const [first, ...others] = nodes;
  const hashes = await hashesOf(first);
  for (const other of others) {
    const theirs = await hashesOf(other);
    const missing = hashes.filter((hash, height) => hash !== theirs[height]);
    for (const hash of missing) await other.control.submit(await first.node.block(hash));
  }
}

beforeAll(async () => {
  nodes = [await startTestNode(), await startTestNode(), await startTestNode()];
  // Each has mined a chain of its own; the longest is everybody's.
  await nodes[0].control.mine(1);
  await share();
});
afterAll(async () => {
  for (const node of nodes) await node.stop();
});

beforeEach(async () => {
  const [first, second, third] = nodes;
  proxies = [await startHostileProxy(first), await startHostileProxy(second), await startHostileProxy(third)];
  clients = proxies.map(({ url, credentials }) =>
    connectNode({ url, credentials, timeoutMs: TIMEOUT_MS, attempts: 1 }),
  );
  const sources = clients.map((node, at) => ({ name: `node ${at}`, node }));
  quorum = new ChainQuorum({ sources, network: 'regtest', clock: systemClock });
});
afterEach(async () => {
  quorum.close();
  for (const proxy of proxies) await proxy.close();
});

/** A transaction that each node would take. */
async function payable(fee = 1_000n): Promise<{ bytes: Uint8Array; txid: string }> {
  const coin = await nodes[0].control.fund(OP_TRUE_SCRIPT, satoshis(COIN));
  await nodes[0].control.mine(1);
  await share();
  const outputs = [{ script: numberedScript(1), satoshis: COIN - fee }];
  const bytes = buildSpend({ coins: [coin], outputs });
  return { bytes, txid: transactionId(parseTransaction(bytes)) };
}

/** Which of the nodes really have it. */
async function having(txid: string): Promise<readonly boolean[]> {
  return await Promise.all(nodes.map(async ({ node }) => (await node.mempoolEntry(txid)) !== undefined));
}

const SENDING = ['sendrawtransaction'];
const FULL = refusing('mempool min fee not met, 141 < 1000');
/** Says that it has whatever it is given, and throws it away. */
function keepsBack(): Fault {
  const told = new Set<string>();
  return {
    instead: (method, [given]) => {
      const text = String(given);
      if (method === 'sendrawtransaction') {
        const txid = transactionId(parseTransaction(Buffer.from(text, 'hex')));
        told.add(txid);
        return { result: txid };
      }
      const isKept = method === 'getmempoolentry' && told.has(text);
      return isKept ? { result: { vsize: 141, fees: { base: 0.00001 } } } : undefined;
    },
  };
}

function tookAnother(method: string): { result: string } | undefined {
  return method === 'sendrawtransaction' ? { result: 'ab'.repeat(32) } : undefined;
}

describe('a transaction that is sent to three nodes', () => {
  const faults: readonly { readonly name: string; readonly fault: Fault }[] = [
    { name: 'refuses it', fault: FULL },
    { name: 'hangs', fault: { only: SENDING, fault: 'hangs' } },
    { name: 'cuts its answer off', fault: { only: SENDING, fault: 'cuts off' } },
    { name: 'says garbage', fault: { only: SENDING, fault: 'says garbage' } },
    { name: 'is too busy', fault: { only: SENDING, fault: 'is busy' } },
    { name: 'says that it was confirmed long ago', fault: refusing('already in block chain', -27) },
    { name: 'says that it took another', fault: { instead: tookAnother } },
    { name: 'says that it has it, and keeps it back', fault: keepsBack() },
  ];

  it.each(faults)('of which one $name: the others have it, and nothing else is said', async ({ fault }) => {
    const { bytes, txid } = await payable();
    proxies[0].fault = fault;
    expect(await quorum.broadcast(bytes)).toEqual({ txid, outcome: 'accepted' });
    expect((await having(txid)).slice(1)).toEqual([true, true]);
    expect(await quorum.mempoolEntry(txid)).toBeDefined();
    // Sent again when all are well: the same bytes, and nobody minds.
    proxies[0].fault = 'none';
    expect((await quorum.broadcast(bytes)).txid).toBe(txid);
    expect(await having(txid)).toEqual([true, true, true]);
    await nodes[0].control.mine(1);
    await share();
    expect(await quorum.broadcast(bytes)).toEqual({ txid, outcome: 'already_confirmed' });
  });

  it('of which one alone says that it has it: it is not where most of them would see it, so it is sent again', async () => {
    const { bytes, txid } = await payable(1n);
    proxies[0].fault = keepsBack();
    expect(await quorum.broadcast(bytes)).toEqual({ txid, outcome: 'accepted' });
    expect(await quorum.mempoolEntry(txid)).toBeUndefined();
    expect(await having(txid)).toEqual([false, false, false]);
  });

  it('of which one alone says that it is confirmed: the others’ refusal stands', async () => {
    const { bytes, txid } = await payable(1n);
    proxies[0].fault = refusing('already in block chain', -27);
    const refused = { code: 'transaction_refused', details: { reason: 'fee_too_low' } };
    await expect(quorum.broadcast(bytes)).rejects.toMatchObject(refused);
    expect(await having(txid)).toEqual([false, false, false]);
  });

  it('which all refuse, in different words: refused with a reason', async () => {
    const { bytes } = await payable();
    for (const [at, words] of ['mempool full', 'min relay fee not met, 1 < 2', 'mempool full'].entries())
      proxies[at]!.fault = refusing(words);
    await expect(quorum.broadcast(bytes)).rejects.toMatchObject({ details: { reason: 'fee_too_low' } });
  });

  it('of which two do not answer: not known, and sent again when they do', async () => {
    const { bytes, txid } = await payable();
    proxies[0].fault = proxies[1].fault = { only: SENDING, fault: 'hangs' };
    const unknown = { code: 'chain_disagreement', details: { kind: 'too_few_answers' } };
    await expect(quorum.broadcast(bytes)).rejects.toMatchObject(unknown);
    proxies[0].fault = proxies[1].fault = 'none';
    expect((await quorum.broadcast(bytes)).txid).toBe(txid);
    expect(await having(txid)).toEqual([true, true, true]);
  });

  it('while they do not agree on the chain: none of them is given it', async () => {
    const { bytes, txid } = await payable();
    proxies[0].fault = proxies[1].fault = 'resets';
    await expect(quorum.broadcast(bytes)).rejects.toMatchObject({ code: 'chain_disagreement' });
    expect(await having(txid)).toEqual([false, false, false]);
  });
});

describe('a guarded node', () => {
  it('is asked nothing that money depends on while the chain is held, and everything afterwards', async () => {
    const { bytes, txid } = await payable();
    let isHeld = true;
    const held = new ChainError('chain_held', 'Payouts wait.', { retryable: true });
    const guarded = guardNode(quorum, () => (isHeld ? Promise.reject(held) : Promise.resolve()));
    const tip = await quorum.tip();
    const before = proxies.map(({ calls }) => calls());
    await expect(guarded.broadcast(bytes)).rejects.toBe(held);
    await expect(guarded.feeEstimate(6)).rejects.toBe(held);
    await expect(guarded.tip()).rejects.toBe(held);
    expect(proxies.map(({ calls }) => calls())).toEqual(before);
    // What is known already may be looked at.
    expect((await guarded.header(tip.hash)).height).toBe(tip.height);
    expect(await guarded.mempoolEntry(txid)).toBeUndefined();
    isHeld = false;
    expect(await guarded.tip()).toEqual(tip);
    expect((await guarded.feeEstimate(6)).source).toBe('fallback');
    expect(await guarded.broadcast(bytes)).toEqual({ txid, outcome: 'accepted' });
  });
});
