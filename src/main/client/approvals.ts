import type { Command } from 'commander';
import { getMe } from '../../identity/identity-contract.ts';
import * as contract from '../../approvals/approval-contract.ts';
import * as care from '../../approvals/care-contract.ts';
import { approvalSchema, type Approval } from '../../intents/approval-contract.ts';
import { statementDigest } from '../../intents/index.ts';
import { isoTime, parseId, SharedError, systemClock } from '../../shared/index.ts';
import { readDocument, signatureBy, writeDocument } from '../../station/index.ts';
import { delegationIn } from '../terminal/delegation-file.ts';
import { openKeyFile } from '../terminal/key-files.ts';
import type { AnswerOf, CallOf } from './api-client.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';
import { confirmQueuedIntent } from './queued-intent.ts';
import { signsQueuedIntent } from './sign-queued-intent.ts';

type Detail = AnswerOf<typeof contract.getIntent>;
type State = NonNullable<NonNullable<CallOf<typeof contract.listIntents>['query']>['state']>;

function detailShown(detail: Detail): Shown {
  const { needed, policy, approvals } = detail;
  const { document, lines } = one(detail, ({ id, kind, state, hash, expiresAt, reason }) => ({
    intent: id,
    kind,
    state,
    hash,
    until: expiresAt,
    approvals: policy.denied ? 'denied by policy' : `${approvals.length} given`,
    'claimed by': detail.claim?.by,
    escalated: detail.escalatedAt,
    reason,
  }));
  const words = approvals.map(
    ({ statement }) => `${statement.decision} by ${statement.approver} at ${statement.signedAt}`,
  );
  const remarks = detail.comments.map(({ by, at, text }) => `${by} at ${at}: ${text}`);
  const demands = needed.map(
    (rule) =>
      `needs ${rule.approvals} of ${rule.roles.join(', ')}, ${rule.localApprovals} of them with a key file`,
  );
  return {
    document,
    lines: [...lines, ...detail.explanation, ...demands, ...policy.because, ...words, ...remarks],
  };
}

async function list(
  { api }: Connection,
  options: { readonly state?: string; readonly limit?: string; readonly after?: string },
): Promise<Shown> {
  const { state } = options;
  // The contract refuses a state that there is not.
  const query = { ...pageOptions(options), ...(state === undefined ? {} : { state: state as State }) };
  const columns = ['intent', 'kind', 'state', 'since', 'until', 'what'];
  return page(await api.call(contract.listIntents, { query }), columns, (intent) => [
    intent.id,
    intent.kind,
    intent.state,
    intent.createdAt,
    intent.expiresAt,
    intent.explanation[0],
  ]);
}

async function show({ api }: Connection, _options: object, intentId = ''): Promise<Shown> {
  return detailShown(await api.call(contract.getIntent, { params: { intentId } }));
}

interface JudgeOptions {
  readonly key: string;
  readonly passphraseFile?: string;
  readonly confirm?: string;
  readonly reason?: string;
  readonly delegation?: string;
}

/** Fetches the intent, says what it is from its own words, and signs and sends one's word on it. */
function judge(decision: 'approve' | 'reject') {
  return async (connection: Connection, options: JudgeOptions, intentId = ''): Promise<Shown> => {
    const { api } = connection;
    const hash = await confirmQueuedIntent(connection, intentId, decision, options.confirm);
    const { named, carried } = await delegationIn(options.delegation);
    const me = await api.call(getMe, {});
    const key = await openKeyFile(options.key, 'your approver’s key', options.passphraseFile);
    const statement: Approval['statement'] = {
      purpose: 'approval',
      intentHash: hash,
      decision,
      approver: parseId('staff', me.id),
      signedAt: isoTime(systemClock.nowMs()),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      ...named,
    };
    const body = { statement, signature: signatureBy(key, statementDigest(statement)), ...carried };
    return detailShown(await api.call(contract.judgeIntent, { params: { intentId }, body }));
  };
}

async function claim(
  { api }: Connection,
  { from }: { readonly from?: string },
  intentId = '',
): Promise<Shown> {
  const call = { params: { intentId }, body: { takeOverFrom: from ?? null } };
  return detailShown(await api.call(care.claimIntent, call));
}

async function unclaim({ api }: Connection, _options: object, intentId = ''): Promise<Shown> {
  return detailShown(await api.call(care.unclaimIntent, { params: { intentId } }));
}

async function comment({ api }: Connection, _options: object, intentId = '', text = ''): Promise<Shown> {
  return detailShown(await api.call(care.commentIntent, { params: { intentId }, body: { text } }));
}

async function cancel(
  { api }: Connection,
  { reason }: { readonly reason: string },
  intentId = '',
): Promise<Shown> {
  return detailShown(await api.call(care.cancelIntent, { params: { intentId }, body: { reason } }));
}

async function submit({ api }: Connection, _options: object, intentId = '', file = ''): Promise<Shown> {
  const parsed = approvalSchema.safeParse(await readDocument(file));
  if (!parsed.success) throw new SharedError('config_invalid', `${file} is not a signed approval.`);
  return detailShown(await api.call(contract.judgeIntent, { params: { intentId }, body: parsed.data }));
}

async function fetchIntent(
  { api }: Connection,
  { out }: { readonly out: string },
  intentId = '',
): Promise<Shown> {
  const detail = await api.call(contract.getIntent, { params: { intentId } });
  await writeDocument(out, detail);
  return {
    document: detail,
    lines: [`Written: ${out}; trilock approve reads it on a machine without a network.`],
  };
}

/** What is done with one's own wish, and to work on others' together. */
function registerCare(group: Command): void {
  signsQueuedIntent(group, 'sign');
  changes(
    group
      .command('cancel <intent>')
      .description('take back what you asked for')
      .requiredOption('--reason <text>', 'why'),
    cancel,
  );
  acts(
    group
      .command('claim <intent>')
      .description('tell others that you look after it; everybody may still judge')
      .option('--from <staff>', 'take it over from whoever has claimed it'),
    claim,
  );
  acts(group.command('unclaim <intent>').description('leave it to others'), unclaim);
  changes(group.command('comment <intent> <text>').description('for staff alone'), comment);
}

/** The queue, for staff. */
export function registerApprovals(client: Command): void {
  const group = client.command('approvals').description('for staff: the approval queue');
  lists(
    group
      .command('list')
      .description('oldest first')
      .option('--state <state>', 'open unless told; approved, executed, rejected, cancelled, expired'),
    list,
  );
  acts(group.command('show <intent>').description('one intent with all that was said about it'), show);
  const signing = (command: Command): Command =>
    command
      .requiredOption('--key <file>', 'your key file')
      .option('--passphrase-file <file>', 'instead of asking')
      .option('--confirm <digits>', 'first digits of the hash, instead of asking');
  changes(
    signing(
      group.command('approve <intent>').description('read it from its own words, sign, and send'),
    ).option('--delegation <file>', 'in the place of whoever signed it (trilock delegate)'),
    judge('approve'),
  );
  changes(
    signing(group.command('reject <intent>').description('the same against it')).requiredOption(
      '--reason <text>',
      'why',
    ),
    judge('reject'),
  );
  registerCare(group);
  acts(
    group
      .command('fetch <intent>')
      .description('write it to a file for `trilock approve` on a machine without a network')
      .requiredOption('--out <file>', 'where it goes'),
    fetchIntent,
  );
  changes(
    group.command('submit <intent> <file>').description('hand in what `trilock approve` signed'),
    submit,
  );
}
