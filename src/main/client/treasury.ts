import type { Command } from 'commander';
import * as contract from '../../treasury/treasury-contract.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';

async function show({ api }: Connection): Promise<Shown> {
  return one(await api.call(contract.getTreasury, {}), (treasury) => ({ ...treasury }));
}

async function list(
  { api }: Connection,
  options: { readonly limit?: string; readonly after?: string },
): Promise<Shown> {
  const query = pageOptions(options);
  const columns = ['move', 'purpose', 'satoshis', 'fee', 'state', 'txid'];
  return page(await api.call(contract.listTreasuryMoves, { query }), columns, (it) => [
    ...[it.id, it.purpose, it.satoshis, it.feeSatoshis ?? '', it.state, it.txid ?? ''],
  ]);
}

interface RefillOptions {
  readonly satoshis: string;
  readonly maxFee: string;
  readonly reason: string;
}

async function refill({ api }: Connection, { satoshis, maxFee, reason }: RefillOptions): Promise<Shown> {
  const body = { satoshis, maxFeeSatoshis: maxFee, reason };
  return one(await api.call(contract.requestTreasuryRefill, { body }), ({ move, intent, hash }) => ({
    move: move.id,
    intent: intent.id,
    hash,
  }));
}

/** The institution's own wallets. */
export function registerTreasury(client: Command): void {
  const group = client.command('treasury').description('for staff: the institution’s hot and cold wallet');
  acts(group.command('show').description('what they hold, and the hot wallet’s cap'), show);
  lists(group.command('moves').description('sweeps, refills and mergers, newest first'), list);
  changes(
    group
      .command('refill')
      .description(
        'ask for a refill of the hot wallet; sign the intent next (approvals sign), then others approve it',
      )
      .requiredOption('--satoshis <amount>', 'how much')
      .requiredOption('--max-fee <satoshis>', 'the most that the network fee may be')
      .requiredOption('--reason <text>', 'why'),
    refill,
  );
}
