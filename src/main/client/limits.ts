import type { Command } from 'commander';
import * as contract from '../../policy/limit-contract.ts';
import type { AnswerOf } from './api-client.ts';
import { acts, changes } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, table, type Shown } from './output.ts';

type Raise = AnswerOf<typeof contract.revokeLimitRaise>;

interface RaiseOptions {
  readonly rule: string;
  readonly satoshis: string;
  readonly until: string;
  readonly reason: string;
}

async function askRaise({ api }: Connection, options: RaiseOptions, customer = ''): Promise<Shown> {
  const { rule, satoshis, until, reason } = options;
  const body = { customer, rule, satoshis, until, reason };
  return one(await api.call(contract.requestLimitRaise, { body }), ({ intent, hash }) => ({
    intent: intent.id,
    hash,
  }));
}

function facts({ intent, customer, rule, satoshis, until, revokedAt }: Raise) {
  return { intent, customer, rule, 'up to': satoshis, until, revoked: revokedAt };
}

async function list({ api }: Connection, _options: object, customerId = ''): Promise<Shown> {
  const found = await api.call(contract.listLimitRaises, { query: { customerId } });
  const columns = ['intent', 'customer', 'rule', 'up to', 'until', 'revoked'];
  const rows = found.items.map((raise) => Object.values(facts(raise)).map((value) => value ?? ''));
  return { document: found, lines: table(columns, rows) };
}

async function revoke(
  { api }: Connection,
  { reason }: { readonly reason: string },
  intentId = '',
): Promise<Shown> {
  return one(await api.call(contract.revokeLimitRaise, { params: { intentId }, body: { reason } }), facts);
}

/** Limits of customers that were raised for a time. */
export function registerLimits(client: Command): void {
  const group = client.command('limits').description('for staff: limits of customers, raised for a time');
  changes(
    group
      .command('ask-raise <customer>')
      .description('ask for one; sign the intent next (approvals sign), then others approve it')
      .requiredOption('--rule <name>', 'the policy’s rule that limits amounts')
      .requiredOption('--satoshis <amount>', 'up to and including this it does not count')
      .requiredOption('--until <time>', '2026-02-26T12:00:00.000Z; within 90 days')
      .requiredOption('--reason <text>', 'why'),
    askRaise,
  );
  acts(group.command('list <customer>').description('newest first, those that are over too'), list);
  changes(
    group.command('revoke <intent>').description('end one at once').requiredOption('--reason <text>', 'why'),
    revoke,
  );
}
