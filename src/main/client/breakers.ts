import type { Command } from 'commander';
import * as contract from '../../freeze/breaker-contract.ts';
import type { AnswerOf, CallOf } from './api-client.ts';
import { acts, changes } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';

function facts({ id, state, trippedBy, trippedAt, reason }: AnswerOf<typeof contract.tripBreaker>) {
  return { breaker: id, state, 'tripped by': trippedBy, since: trippedAt, reason };
}

async function trip({ api }: Connection, { reason }: { readonly reason: string }): Promise<Shown> {
  return one(await api.call(contract.tripBreaker, { body: { reason } }), facts);
}

async function list({ api }: Connection): Promise<Shown> {
  const found = await api.call(contract.listBreakers, {});
  return page(found, ['breaker', 'state', 'tripped by', 'since', 'reason'], (it) => [
    it.id,
    it.state,
    it.trippedBy,
    it.trippedAt,
    it.reason,
  ]);
}

async function reset(
  { api }: Connection,
  { reason }: { readonly reason: string },
  breakerId = '',
): Promise<Shown> {
  const asked = await api.call(contract.requestBreakerReset, { params: { breakerId }, body: { reason } });
  return one(asked, ({ intent, hash }) => ({ intent: intent.id, hash }));
}

type Bulk = CallOf<typeof contract.freezeMany>['body'];

interface BulkOptions {
  readonly customer?: string[];
  readonly createdAfter?: string;
  readonly createdBefore?: string;
  readonly plan?: string;
  readonly reasonCode: string;
  readonly text: string;
  readonly restrictedText: string;
  readonly reviewAt: string;
}

async function many({ api }: Connection, options: BulkOptions): Promise<Shown> {
  const { customer, createdAfter, createdBefore, plan, text, restrictedText, reviewAt } = options;
  const filter = {
    ...(createdAfter === undefined ? {} : { createdAfter }),
    ...(createdBefore === undefined ? {} : { createdBefore }),
    ...(plan === undefined ? {} : { plan }),
  };
  // The contract refuses a plan or reason that there is not.
  const scope = (customer === undefined ? filter : { customers: customer }) as Bulk['scope'];
  const reasonCode = options.reasonCode as Bulk['reasonCode'];
  const body = { scope, reasonCode, text, restrictedText, reviewAt };
  return one(await api.call(contract.freezeMany, { body }), ({ bulk, restrictions }) => ({
    bulk,
    restrictions: restrictions.length,
  }));
}

/** Stopping many customers, or everybody. */
export function registerBreakers(client: Command): void {
  const group = client
    .command('breakers')
    .description('for staff: stop what flows out, of many or of everybody');
  changes(group.command('trip').description('stop everybody').requiredOption('--reason <text>', 'why'), trip);
  acts(group.command('list').description('newest first'), list);
  changes(
    group
      .command('ask-reset <breaker>')
      .description('ask for it to be reset; sign the intent next, then others approve it')
      .requiredOption('--reason <text>', 'why'),
    reset,
  );
  changes(
    group
      .command('freeze-many')
      .description('open a case for each of many customers')
      .option('--customer <id...>', 'these')
      .option('--created-after <time>', 'or all whom these fit together')
      .option('--created-before <time>')
      .option('--plan <plan>')
      .requiredOption('--reason-code <code>', 'account_takeover, legal_order, sanctions_match, …')
      .requiredOption('--text <text>', 'what the customers may read')
      .requiredOption('--restricted-text <text>', 'for staff alone')
      .requiredOption('--review-at <time>', 'when somebody looks at it again'),
    many,
  );
}
