import {
  checkSpend,
  outpointOf,
  transactionId,
  type CheckedSpend,
  type Psbt,
  type SpendExpectation,
} from '../bitcoin/index.ts';
import { satoshis, type Satoshis } from '../shared/index.ts';
import { IntentError } from './errors.ts';

/** A child as it was checked, and the parent that it pays for. */
interface CheckedChild {
  readonly expectation: SpendExpectation;
  readonly spend: CheckedSpend;
  readonly parent: {
    readonly txid: string;
    readonly fee: Satoshis;
    readonly outpoints: readonly string[];
  };
}

function refuseChild(reason: string): never {
  throw new IntentError('child_malformed', 'The transaction is no child that pays for its parent.', {
    details: { reason },
  });
}

/**
 * A child that pays for its parent, from the bytes of both: the parent pays the intents, the child spends the parent's
 * change and nothing else, returns all but its fee to the same wallet, and both fees together stay within the limits. @throws IntentError `child_malformed`; BitcoinError of `checkSpend`.
 */
export function checkChild(psbt: Psbt, parentPsbt: Psbt, paying: SpendExpectation): CheckedChild {
  const { fee, change } = checkSpend(parentPsbt, paying);
  const txid = transactionId(parentPsbt.transaction);
  const [input, second] = psbt.transaction.ins;
  if (change === null || input === undefined || second !== undefined) refuseChild('it spends one coin');
  if (outpointOf(input) !== `${txid}:${change.outputIndex}`) refuseChild('it spends its parent’s change');
  const limits = { ...paying.limits, maxFee: satoshis(paying.limits.maxFee - fee) };
  const expectation: SpendExpectation = { wallet: paying.wallet, payments: [], limits };
  const spend = checkSpend(psbt, expectation);
  if (spend.change === null) refuseChild('it returns what it spends');
  const outpoints = parentPsbt.transaction.ins.map(outpointOf);
  return { expectation, spend, parent: { txid, fee, outpoints } };
}
