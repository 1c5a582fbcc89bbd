import type { Command } from 'commander';
import { requestSignatureSchema } from '../../intents/approval-contract.ts';
import { SharedError } from '../../shared/index.ts';
import { readDocument, writeDocument } from '../../station/index.ts';
import * as contract from '../../withdrawals/withdrawal-contract.ts';
import type { AnswerOf, CallOf } from './api-client.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';
import { signsRequest } from './sign-request.ts';

type Withdrawal = AnswerOf<typeof contract.getWithdrawal>;
type Wish = CallOf<typeof contract.createWithdrawal>['body'];

function withdrawalShown(withdrawal: Withdrawal): Shown {
  const { transaction } = withdrawal;
  const shown = one(withdrawal, ({ id, state, balance, amount, maxFee, intentState, endReason }) => ({
    withdrawal: id,
    state,
    from: `${balance} balance`,
    satoshis: amount,
    'fee at most': maxFee,
    intent: intentState,
    hash: withdrawal.intentHash,
    approvals: withdrawal.approvals,
    'signed offline from': withdrawal.nextColdWindow?.opensAt,
    transaction: transaction?.txid,
    fee: transaction?.feeSatoshis,
    'left the wallet': withdrawal.leftWallet,
    'not paid': endReason,
  }));
  return shown;
}

interface AskOptions {
  readonly from: string;
  readonly wallet?: string;
  readonly to?: string[];
  readonly amount?: string[];
  readonly toSpending?: true;
  readonly toVault?: string | true;
  readonly maxFee?: string;
  readonly memo?: string;
  readonly beneficiary?: string;
  readonly institution?: string;
  readonly country?: string;
  readonly lei?: string;
  readonly hours?: string;
  readonly out?: string;
}

/** Where it goes: addresses with an amount each, or the other balance of one's own. @throws SharedError. */
function destinationOf({ to = [], amount = [], toSpending, toVault }: AskOptions): Wish['to'] {
  const [first = ''] = amount;
  const kinds = [to.length > 0, toSpending, toVault !== undefined].filter((given) => given === true);
  if (kinds.length !== 1) {
    throw new SharedError('config_invalid', 'Give --to <address>, --to-spending or --to-vault: one of them.');
  }
  if (amount.length !== Math.max(1, to.length)) {
    throw new SharedError('config_invalid', 'Give an --amount for each --to, in the same order.');
  }
  if (to.length > 0) {
    const payments = to.map((address, at) => ({ address, satoshis: amount[at] ?? '' }));
    return { kind: 'addresses', payments };
  }
  if (toSpending === true) return { kind: 'spending', satoshis: first };
  return { kind: 'vault', satoshis: first, ...(typeof toVault === 'string' ? { wallet: toVault } : {}) };
}

/** Who gets it, by name, and which institution keeps it, if one does. @throws SharedError. */
function travelRuleOf({ beneficiary, institution, country, lei }: AskOptions): Pick<Wish, 'travelRule'> {
  if (beneficiary === undefined) {
    if (institution === undefined && country === undefined && lei === undefined) return {};
    throw new SharedError('config_invalid', 'Give --beneficiary too: who gets it.');
  }
  if (institution === undefined) return { travelRule: { held: 'beneficiary', beneficiary } };
  const kept = { held: 'institution', beneficiary, institution, country: country ?? '' } as const;
  return { travelRule: { ...kept, ...(lei === undefined ? {} : { lei }) } };
}

function hoursOf(text: string): number {
  if (/^[1-9][0-9]{0,2}$/.test(text)) return Number(text);
  throw new SharedError('config_invalid', '--hours is a whole number.');
}

async function ask({ api }: Connection, options: AskOptions): Promise<Shown> {
  const { from, wallet, maxFee, memo, hours, out } = options;
  const body: Wish = {
    // The contract refuses a balance that there is not.
    balance: from as Wish['balance'],
    to: destinationOf(options),
    ...(wallet === undefined ? {} : { wallet }),
    ...(maxFee === undefined ? {} : { maxFee }),
    ...(memo === undefined ? {} : { memo }),
    ...(hours === undefined ? {} : { expiresInHours: hoursOf(hours) }),
    ...travelRuleOf(options),
  };
  const asked = await api.call(contract.createWithdrawal, { body });
  if (out !== undefined) await writeDocument(out, asked);
  const { lines } = withdrawalShown(asked);
  const next = `Next: withdrawals sign ${out ?? '<this document, --json>'}`;
  return { document: asked, lines: [...lines, ...asked.explanation, next] };
}

async function submit({ api }: Connection, _options: object, withdrawalId = '', file = ''): Promise<Shown> {
  const parsed = requestSignatureSchema.safeParse(await readDocument(file));
  if (!parsed.success) throw new SharedError('config_invalid', `${file} is not a signed request.`);
  const call = { params: { withdrawalId }, body: parsed.data };
  return withdrawalShown(await api.call(contract.signWithdrawal, call));
}

async function list(
  { api }: Connection,
  options: { readonly limit?: string; readonly after?: string },
): Promise<Shown> {
  const columns = ['withdrawal', 'state', 'from', 'satoshis', 'asked', 'transaction'];
  return page(await api.call(contract.listWithdrawals, { query: pageOptions(options) }), columns, (entry) => [
    entry.id,
    entry.state,
    entry.balance,
    entry.amount,
    entry.createdAt,
    entry.transaction?.txid,
  ]);
}

async function show({ api }: Connection, _options: object, withdrawalId = ''): Promise<Shown> {
  const withdrawal = await api.call(contract.getWithdrawal, { params: { withdrawalId } });
  const { document, lines } = withdrawalShown(withdrawal);
  return { document, lines: [...lines, ...withdrawal.explanation] };
}

async function cancel({ api }: Connection, _options: object, withdrawalId = ''): Promise<Shown> {
  return withdrawalShown(await api.call(contract.cancelWithdrawal, { params: { withdrawalId } }));
}

async function evidence(
  { api }: Connection,
  { out, txid }: { readonly out: string; readonly txid?: string },
  withdrawalId = '',
): Promise<Shown> {
  const call = { params: { withdrawalId }, query: txid === undefined ? {} : { txid } };
  const document = await api.call(contract.getWithdrawalEvidence, call);
  await writeDocument(out, document);
  const next = `Next: trilock verify-withdrawal ${withdrawalId} --evidence ${out}`;
  return { document, lines: [`Written: ${out}, of the transaction ${document.txid}.`, next] };
}

async function bump(
  { api }: Connection,
  { feeRate }: { readonly feeRate: string },
  withdrawalId = '',
): Promise<Shown> {
  const call = { params: { withdrawalId }, body: { feeRate } };
  return withdrawalShown(await api.call(contract.bumpWithdrawalFee, call));
}

function judge(operation: typeof contract.quarantineWithdrawal | typeof contract.releaseWithdrawal) {
  return async (
    { api }: Connection,
    { reason }: { readonly reason: string },
    withdrawalId = '',
  ): Promise<Shown> =>
    withdrawalShown(await api.call(operation, { params: { withdrawalId }, body: { reason } }));
}

function registerAsking(group: Command): void {
  changes(
    group
      .command('ask')
      .description('write a withdrawal down; nothing is held or done before you have signed it')
      .requiredOption('--from <balance>', 'vault or spending')
      .option('--wallet <id>', 'which vault; your oldest one unless told')
      .option('--to <address...>', 'who is paid')
      .option('--to-spending', 'your own spending balance, from a vault')
      .option('--to-vault [wallet]', 'a vault of your own, from the spending balance')
      .requiredOption('--amount <satoshis...>', 'one for each address')
      .option('--max-fee <satoshis>', 'the network fee is never higher')
      .option('--memo <text>')
      .option('--beneficiary <name>', 'who gets it; required above an amount that the institution sets')
      .option('--institution <name>', 'who keeps it for them; without it they keep it themselves')
      .option('--country <code>', 'where that institution is supervised: DE, US …')
      .option('--lei <code>', 'of that institution, if it has one')
      .option('--hours <number>', 'until it is void, 72 unless told')
      .option('--out <file>', 'where the document goes that you sign'),
    ask,
  );
  signsRequest(group);
  changes(
    group
      .command('submit <withdrawal> <signature>')
      .description('hand the signature in; from here on it is held'),
    submit,
  );
}

/** Payments on chain. */
export function registerWithdrawals(client: Command): void {
  const group = client.command('withdrawals').description('payments on chain');
  registerAsking(group);
  lists(group.command('list').description('newest first'), list);
  acts(group.command('show <withdrawal>').description('one withdrawal'), show);
  acts(
    group
      .command('evidence <withdrawal>')
      .description('for auditors: write all that it rests on to a file')
      .requiredOption('--out <file>', 'a new file')
      .option('--txid <txid>', 'which of its transactions; the latest unless told'),
    evidence,
  );
  changes(group.command('cancel <withdrawal>').description('take it back'), cancel);
  changes(
    group
      .command('bump <withdrawal>')
      .description('for staff: replace its transaction by one with a higher fee, within the approved cap')
      .requiredOption('--fee-rate <rate>', 'satoshis per virtual byte'),
    bump,
  );
  for (const [name, what, operation] of [
    ['quarantine', 'for staff: stop it before it is approved', contract.quarantineWithdrawal],
    ['release', 'for staff: let it go on', contract.releaseWithdrawal],
  ] as const) {
    changes(
      group.command(`${name} <withdrawal>`).description(what).requiredOption('--reason <text>'),
      judge(operation),
    );
  }
}
