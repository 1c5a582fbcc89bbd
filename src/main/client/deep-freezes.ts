import type { Command } from 'commander';
import * as contract from '../../freeze/deep-freeze-contract.ts';
import { parseCustomerStatement } from '../../intents/index.ts';
import { readDocument } from '../../station/index.ts';
import { changes } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, type Shown } from './output.ts';

async function freeze({ api }: Connection, _options: object, file = ''): Promise<Shown> {
  const statement = parseCustomerStatement(await readDocument(file));
  const frozen = await api.call(contract.deepFreezeAccount, { body: { statement } });
  return one(frozen, ({ id, state, text }) => ({ restriction: id, state, text }));
}

interface AskOptions {
  readonly text: string;
  readonly reason: string;
}

async function ask({ api }: Connection, { text, reason }: AskOptions, customer = ''): Promise<Shown> {
  const asked = await api.call(contract.requestDeepFreeze, { body: { customer, text, reason } });
  return one(asked, ({ intent, hash }) => ({ intent: intent.id, hash }));
}

/** Taking our keys of a customer's wallets offline. */
export function registerDeepFreezes(client: Command): void {
  const group = client.command('deep-freezes').description('take our keys of an account’s wallets offline');
  changes(
    group
      .command('own <statement>')
      .description('freeze your own account deeply, by what `trilock master-lock sign-deep-freeze` wrote'),
    freeze,
  );
  changes(
    group
      .command('ask <customer>')
      .description('for staff: ask for it; sign the intent next, then others approve it')
      .requiredOption('--text <text>', 'what the customer may read')
      .requiredOption('--reason <text>', 'for staff alone'),
    ask,
  );
}
