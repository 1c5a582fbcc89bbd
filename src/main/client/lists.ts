import { Option, type Command } from 'commander';
import * as contract from '../../policy/lists-contract.ts';
import * as screening from '../../policy/screening-contract.ts';
import type { AnswerOf, CallOf } from './api-client.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, table, type Shown } from './output.ts';

interface ListOptions {
  readonly address?: string;
  readonly limit?: string;
  readonly after?: string;
}

async function list({ api }: Connection, options: ListOptions): Promise<Shown> {
  const { address } = options;
  const query = { ...pageOptions(options), ...(address === undefined ? {} : { address }) };
  const columns = ['listing', 'address', 'is', 'source', 'reference', 'until'];
  return page(await api.call(contract.listListedAddresses, { query }), columns, (it) => [
    it.id,
    it.address,
    it.reputation,
    it.source,
    it.reference,
    it.expiresAt,
  ]);
}

interface EnterOptions {
  readonly reference: string;
  readonly reason: string;
  readonly until: string;
}

function enter(reputation: CallOf<typeof contract.listAddress>['body']['reputation']) {
  return async ({ api }: Connection, options: EnterOptions, address = ''): Promise<Shown> => {
    const { reference, reason, until: expiresAt } = options;
    const body = { address, reputation, reference, reason, expiresAt };
    return one(await api.call(contract.listAddress, { body }), (it) => ({
      listing: it.id,
      address: it.address,
      is: it.reputation,
      until: it.expiresAt,
    }));
  };
}

function riskFacts(risk: AnswerOf<typeof contract.judgeRisk>) {
  const { customer, score, reason, judgedBy, judgedAt } = risk;
  return { customer, score, reason, 'judged by': judgedBy, since: judgedAt };
}

async function judge(
  { api }: Connection,
  { score, reason }: { readonly score: string; readonly reason: string },
  customerId = '',
): Promise<Shown> {
  const body = { score: Number(score), reason };
  return one(await api.call(contract.judgeRisk, { params: { customerId }, body }), riskFacts);
}

async function risks({ api }: Connection, _options: object, customerId = ''): Promise<Shown> {
  const answer = await api.call(contract.listRiskScores, { params: { customerId } });
  const rows = answer.items.map((it) => [it.score, it.judgedAt, it.judgedBy, it.reason]);
  return { document: answer, lines: table(['score', 'since', 'judged by', 'reason'], rows) };
}

interface HitOptions {
  readonly state?: 'open' | 'settled';
  readonly customer?: string;
  readonly limit?: string;
  readonly after?: string;
}

async function hits({ api }: Connection, options: HitOptions): Promise<Shown> {
  const { state, customer } = options;
  const query = {
    ...pageOptions(options),
    ...(state === undefined ? {} : { state }),
    ...(customer === undefined ? {} : { customer }),
  };
  const columns = ['hit', 'what', 'address', 'is', 'by', 'subject', 'customer', 'outcome', 'settled'];
  return page(await api.call(screening.listScreeningHits, { query }), columns, (it) => [
    ...[it.id, it.kind, it.address, it.reputation, `${it.source} ${it.reference}`, it.subject],
    ...[it.customer, it.outcome, it.settledReason],
  ]);
}

async function settleHit(
  { api }: Connection,
  { reason }: { readonly reason: string },
  hitId = '',
): Promise<Shown> {
  const body = { reason };
  return one(await api.call(screening.settleScreeningHit, { params: { hitId }, body }), (it) => ({
    hit: it.id,
    address: it.address,
    'settled by': it.settledBy,
    since: it.settledAt,
    reason: it.settledReason,
  }));
}

function entering(group: Command, verb: 'block' | 'watch', description: string): void {
  changes(
    group
      .command(`${verb} <address>`)
      .description(description)
      .requiredOption('--reference <text>', 'where it is known from: a case, a report, a letter')
      .requiredOption('--reason <text>', 'why')
      .requiredOption('--until <time>', 'within a year, 2027-06-01T00:00:00Z'),
    enter(verb === 'block' ? 'blocked' : 'watched'),
  );
}

/** What compliance knows of addresses and customers, and policies ask. */
export function registerLists(client: Command): void {
  const group = client
    .command('lists')
    .description('for staff: listed addresses, and how risky customers are');
  lists(
    group
      .command('addresses')
      .description('addresses that nothing should go to, newest first')
      .option('--address <address>', 'only what is said of this one'),
    list,
  );
  entering(group, 'block', 'block an address at once; it is not lifted before its end');
  entering(group, 'watch', 'watch an address: what that means the policy says');
  changes(
    group
      .command('judge <customer>')
      .description('say how risky a customer is')
      .requiredOption('--score <number>', '0 for no risk, to 100')
      .requiredOption('--reason <text>', 'why'),
    judge,
  );
  lists(
    group
      .command('hits')
      .description('payments to or from addresses that were listed after them, newest first')
      .addOption(new Option('--state <state>', 'only these').choices(['open', 'settled']))
      .option('--customer <customer>', 'only those of one customer'),
    hits,
  );
  changes(
    group
      .command('settle <hit>')
      .description('say what was found out about a hit')
      .requiredOption('--reason <text>', 'what was found out, and done'),
    settleHit,
  );
  acts(group.command('risk <customer>').description('how a customer was judged, newest first'), risks);
}
