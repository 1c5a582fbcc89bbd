import { MAX_MONEY } from '../../shared/index.ts';
import { BitcoinError } from '../errors.ts';
import type { SelectableCoin } from './coin.ts';

/**
 * Nodes refuse a transaction with 25 unconfirmed ancestors or more. We stop well before, so that a child that
 * pays for its parents, and a replacement, still have room, and one stuck transaction cannot hold up many.
 */
export const MAX_UNCONFIRMED_ANCESTORS = 10;

export interface EligibleCoins<Coin> {
  readonly confirmed: readonly Coin[];
  /** Confirmed ones and as much own change as stays within the ancestor bound, whichever of it is taken. */
  readonly usable: readonly Coin[];
  /** Own change left out by the bound. */
  readonly tooDeep: readonly Coin[];
}

function requireSound(coins: readonly SelectableCoin[]): void {
  const seen = new Set<string>();
  let total = 0n;
  for (const { outpoint, value } of coins) {
    total += value;
    if (seen.has(outpoint)) {
      throw new BitcoinError('coin_duplicate', 'The same coin was offered twice.', { details: { outpoint } });
    }
    if (value <= 0n || total > MAX_MONEY) {
      throw new BitcoinError('amount_out_of_range', 'Coins are worth more than nothing and less than all.', {
        details: { outpoint, valueSats: value.toString() },
      });
    }
    seen.add(outpoint);
  }
}

/**
 * Which coins may be spent: confirmed ones, and unconfirmed change of our own. A payment from others may vanish
 * until it is confirmed, so it is no coin yet. @throws BitcoinError `coin_duplicate`, `amount_out_of_range`.
 */
export function eligibleCoins<Coin extends SelectableCoin>(coins: readonly Coin[]): EligibleCoins<Coin> {
  requireSound(coins);
  const confirmed = coins.filter(({ confirmations }) => confirmations > 0);
  const ownChange = coins
    .filter(({ confirmations, ownChange: own }) => confirmations === 0 && own)
    .sort((a, b) => a.unconfirmedAncestors - b.unconfirmedAncestors || (a.value < b.value ? 1 : -1));
  const shallow: Coin[] = [];
  const tooDeep: Coin[] = [];
  let ancestors = 0;
  for (const coin of ownChange) {
    // Ancestors in common are counted twice, which errs on the safe side.
    const depth = Math.max(1, coin.unconfirmedAncestors);
    if (ancestors + depth > MAX_UNCONFIRMED_ANCESTORS) tooDeep.push(coin);
    else {
      shallow.push(coin);
      ancestors += depth;
    }
  }
  return { confirmed, usable: [...confirmed, ...shallow], tooDeep };
}
