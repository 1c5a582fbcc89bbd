import {
  buildSweeps,
  combinePsbts,
  completeSpend,
  DEFAULT_SPEND_LIMITS,
  explain,
  parseAddress,
  signPsbt,
  systemRandom,
  transactionId,
  WalletScripts,
  type AccountKey,
  type CompletedSpend,
  type Explanation,
  type Psbt,
  type RandomSource,
  type SpendExpectation,
  checkSpend,
} from '../bitcoin/index.ts';
import { satoshis, type FeeRate } from '../shared/index.ts';
import { RecoveryError } from './errors.ts';
import type { FoundCoins } from './find-coins.ts';
import type { CheckedKit } from './read-kit.ts';

export interface SweepWishes {
  readonly to: string;
  readonly feeRate: FeeRate;
  readonly nowMs: number;
  /** Time in the header of the newest block. */
  readonly tipTimeMs: number;
  readonly random?: RandomSource;
}

/** A pasted address of the wallet itself would leave the coins where they are. */
const OWN_ADDRESSES_CHECKED = 1_000;

function destination({ descriptor }: CheckedKit, to: string): Uint8Array {
  const { scriptPubKey } = parseAddress(to, descriptor.network);
  if (new WalletScripts(descriptor).find(scriptPubKey, OWN_ADDRESSES_CHECKED) !== null) {
    throw new RecoveryError(
      'recovery_destination_own',
      'This address is of the very wallet that is recovered.',
    );
  }
  return scriptPubKey;
}

/**
 * Builds the transactions that pay everything that was found to one address.
 * @throws RecoveryError `recovery_nothing_found`, `recovery_destination_own`; BitcoinError of the address and of
 * `buildSweeps`.
 */
export function planSweep(checked: CheckedKit, found: FoundCoins, wishes: SweepWishes): readonly Psbt[] {
  const scriptPubKey = destination(checked, wishes.to);
  if (found.coins.length === 0) {
    throw new RecoveryError('recovery_nothing_found', 'No coin of the wallet was found on this chain.', {
      details: { height: found.tip.height, searched: found.searched },
    });
  }
  return buildSweeps({
    wallet: checked.descriptor,
    coins: found.coins,
    scriptPubKey,
    feeRate: wishes.feeRate,
    limits: DEFAULT_SPEND_LIMITS,
    tip: { height: found.tip.height, timeMs: wishes.tipTimeMs },
    nowMs: wishes.nowMs,
    random: wishes.random ?? systemRandom,
  }).map(({ psbt }) => psbt);
}

/** What a sweep must be: the wallet’s coins, all to one address, nothing else. @throws RecoveryError `sweep_differs`. */
function expectationOf(checked: CheckedKit, psbt: Psbt, to: string): SpendExpectation {
  const scriptPubKey = destination(checked, to);
  const [only, second] = psbt.transaction.outs;
  if (only === undefined || second !== undefined || Buffer.compare(only.script, scriptPubKey) !== 0) {
    throw new RecoveryError(
      'sweep_differs',
      'The transaction does more than pay everything to this address.',
      {
        details: { outputs: psbt.transaction.outs.length },
      },
    );
  }
  return {
    wallet: checked.descriptor,
    payments: [{ scriptPubKey, value: satoshis(only.value) }],
    limits: DEFAULT_SPEND_LIMITS,
  };
}

/**
 * Checks that a PSBT spends coins of this wallet alone and pays all of them, less a sane fee, to `to`; and says in
 * plain words what it does. @throws RecoveryError `sweep_differs`; BitcoinError of `checkSpend`.
 */
export function checkSweep(checked: CheckedKit, psbt: Psbt, to: string): Explanation {
  const { kit, descriptor, keyNames } = checked;
  checkSpend(psbt, expectationOf(checked, psbt, to));
  return explain(psbt, [{ name: kit.wallet, descriptor, keyNames }]);
}

/** Signs a sweep after checking it. @throws what `checkSweep` and `signPsbt` throw. */
export function signSweep(checked: CheckedKit, psbt: Psbt, to: string, keys: readonly AccountKey[]): Psbt {
  checkSweep(checked, psbt, to);
  return keys.reduce((signed, key) => signPsbt(signed, key, checked.descriptor), psbt);
}

/**
 * Puts together what different signers sent back, transaction by transaction, and completes each.
 * @throws RecoveryError `recovery_keys_too_few`, `sweep_differs`; BitcoinError of `combinePsbts`, `completeSpend`.
 */
export function completeSweeps(
  checked: CheckedKit,
  psbts: readonly Psbt[],
  to: string,
): readonly CompletedSpend[] {
  const byTransaction = new Map<string, Psbt>();
  for (const psbt of psbts) {
    const txid = transactionId(psbt.transaction);
    const known = byTransaction.get(txid);
    byTransaction.set(txid, known === undefined ? psbt : combinePsbts(known, psbt));
  }
  return [...byTransaction.values()].map((psbt) => {
    const { complete, signers } = checkSweep(checked, psbt, to);
    if (!complete) {
      throw new RecoveryError('recovery_keys_too_few', 'Two keys of the wallet must sign every input.', {
        details: {
          signedBy: signers.filter(({ signedInputs }) => signedInputs > 0).map(({ key }) => key),
        },
      });
    }
    return completeSpend(psbt, expectationOf(checked, psbt, to));
  });
}
