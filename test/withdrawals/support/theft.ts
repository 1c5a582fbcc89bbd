import {
  buildSpends,
  combinePsbts,
  completeSpend,
  DEFAULT_SPEND_LIMITS,
  parseAddress,
  signPsbt,
  systemRandom,
  type CompletedSpend,
} from '../../../src/bitcoin/index.ts';
import { inTransaction } from '../../../src/database/index.ts';
import { parseFeeRate, satoshis, type WithdrawalId } from '../../../src/shared/index.ts';
import { PAYEE, type House, type Owner } from './house.ts';

/** What two stolen keys can do: spend the very coins of a payout to somewhere else, past every approval. */
export async function theft(
  house: House,
  ada: Owner,
  id: WithdrawalId,
  satsPerVbyte: string,
): Promise<CompletedSpend> {
  const { payout } = await house.row(id);
  const outpoints = payout!.inputs.map(({ txid, vout }) => `${txid}:${vout}`);
  const { wallets } = house.parts;
  const [wallet, coins] = await inTransaction(house.database, async (tx) => [
    await wallets.wallet(tx, ada.vault.id),
    await wallets.coinsOf(tx, ada.vault.id, outpoints),
  ]);
  const { descriptor } = wallet!;
  const payments = [{ scriptPubKey: parseAddress(PAYEE, 'regtest').scriptPubKey, value: satoshis(50_000n) }];
  const [spend] = buildSpends({
    ...{ wallet: descriptor, coins, payments, limits: DEFAULT_SPEND_LIMITS, random: systemRandom },
    changeIndex: 0,
    feeRate: parseFeeRate(satsPerVbyte),
    tip: { height: 1, timeMs: 0 },
    nowMs: Date.now(),
  });
  const stolen = house.chain.house.poolKeys.filter(({ accountKey }) =>
    descriptor.keys.some(({ xpub }) => xpub.text === accountKey.xpub.text),
  );
  const signed = stolen.map(({ accountKey }) => signPsbt(spend!.psbt, accountKey, descriptor));
  return completeSpend(combinePsbts(spend!.psbt, ...signed), {
    ...{ wallet: descriptor, payments, limits: DEFAULT_SPEND_LIMITS },
  });
}
