import { serializePsbt } from '../psbt/psbt.ts';
import { MAX_PSBT_BYTES } from '../psbt/parse-psbt.ts';
import { transactionId } from '../transactions/transaction-codec.ts';
import { BitcoinError } from '../errors.ts';
import { checkSpend } from './check-spend.ts';
import { composePsbt, type PlannedOutput } from './compose-psbt.ts';
import type { BuiltSpend, Payment, SpendContext, WalletCoin } from './spend.ts';

/** Inputs and outputs in their final order. */
export interface SpendPlan {
  readonly coins: readonly WalletCoin[];
  readonly outputs: readonly PlannedOutput[];
  readonly payments: readonly Payment[];
  readonly locktime: number;
}

/**
 * Composes what was planned and checks the result like a stranger's. @throws BitcoinError of `composePsbt` and
 * `checkSpend`, `transaction_too_heavy` when the PSBT would be too large to be read back.
 */
export function finishBuild(
  plan: SpendPlan,
  { wallet, limits }: Pick<SpendContext, 'wallet' | 'limits'>,
): BuiltSpend {
  const psbt = composePsbt(wallet, plan.coins, plan.outputs, plan.locktime);
  const bytes = serializePsbt(psbt).length;
  if (bytes > MAX_PSBT_BYTES) {
    throw new BitcoinError('transaction_too_heavy', 'The previous transactions are too large for one PSBT.', {
      details: { psbtBytes: bytes },
    });
  }
  const { change, fee, weight } = checkSpend(psbt, { wallet, payments: plan.payments, limits });
  return {
    psbt,
    txid: transactionId(psbt.transaction),
    coins: plan.coins,
    payments: plan.payments,
    change,
    fee,
    weight,
  };
}
