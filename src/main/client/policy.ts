import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import * as contract from '../../policy/policy-contract.ts';
import { SharedError } from '../../shared/index.ts';
import type { AnswerOf, CallOf } from './api-client.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, page, type Shown } from './output.ts';

type Version = AnswerOf<typeof contract.getPolicy>;
type Draft = AnswerOf<typeof contract.getPolicyDraft>;
type Document = CallOf<typeof contract.draftPolicy>['body']['document'];

function versionShown(version: Version): Shown {
  const { document, lines } = one(version, ({ version: number, title, hash, proposedBy, inForceAt }) => ({
    version: number,
    title,
    hash,
    'proposed by': proposedBy,
    since: inForceAt,
  }));
  return { document, lines: [...lines, '', ...JSON.stringify(version.document, null, 2).split('\n')] };
}

function draftShown(draft: Draft): Shown {
  const { document, lines } = one(draft, (it) => ({
    draft: it.id,
    title: it.title,
    hash: it.hash,
    follows: it.baseVersion,
    reason: it.reason,
    'written by': it.createdBy,
    intent: it.intent,
    version: it.version,
  }));
  const loosens = draft.loosens.map((text) => `loosens: ${text}`);
  const problems = draft.unmeetable.map((text) => `cannot be met: ${text}`);
  const none = draft.loosens.length === 0 ? ['It loosens nothing: proposed, it takes effect at once.'] : [];
  return { document, lines: [...lines, ...none, ...loosens, ...problems] };
}

async function show({ api }: Connection, _options: object, version?: string): Promise<Shown> {
  if (version === undefined) return versionShown(await api.call(contract.getPolicy, {}));
  return versionShown(await api.call(contract.getPolicyVersion, { params: { version } }));
}

interface PageOptions {
  readonly limit?: string;
  readonly after?: string;
}

async function versions({ api }: Connection, options: PageOptions): Promise<Shown> {
  const columns = ['version', 'title', 'loosens', 'since', 'hash'];
  const answer = await api.call(contract.listPolicyVersions, { query: pageOptions(options) });
  return page(answer, columns, (it) => [it.version, it.title, it.loosens, it.inForceAt, it.hash]);
}

async function drafts({ api }: Connection, options: PageOptions): Promise<Shown> {
  const columns = ['draft', 'title', 'follows', 'intent', 'version', 'since'];
  const answer = await api.call(contract.listPolicyDrafts, { query: pageOptions(options) });
  return page(answer, columns, (it) => [
    it.id,
    it.title,
    it.baseVersion,
    it.intent,
    it.version,
    it.createdAt,
  ]);
}

async function documentIn(file: string): Promise<Document> {
  const text = await readFile(file, 'utf8');
  try {
    // The API refuses what is no policy.
    return JSON.parse(text) as Document;
  } catch (cause) {
    throw new SharedError('config_invalid', `${file} holds no JSON.`, { cause });
  }
}

async function draft(
  { api }: Connection,
  { reason }: { readonly reason: string },
  file = '',
): Promise<Shown> {
  const body = { document: await documentIn(file), reason };
  return draftShown(await api.call(contract.draftPolicy, { body }));
}

async function showDraft({ api }: Connection, _options: object, draftId = ''): Promise<Shown> {
  return draftShown(await api.call(contract.getPolicyDraft, { params: { draftId } }));
}

async function simulate(
  { api }: Connection,
  { from, until, against }: { readonly from?: string; readonly until?: string; readonly against?: string },
  draftId = '',
): Promise<Shown> {
  const query = {
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(against === undefined ? {} : { against }),
  };
  const answer = await api.call(contract.simulatePolicyDraft, { params: { draftId }, query });
  const { judged, different, truncated, shown } = answer;
  const cut = truncated ? ['The period holds more than is judged at once; ask for a shorter one.'] : [];
  return {
    document: answer,
    lines: [
      `${different} of ${judged} withdrawals would have been decided differently than by version ${answer.against}.`,
      ...cut,
      ...shown.flatMap((it) => [
        '',
        `${it.intent}, ${it.judgedAt}`,
        `  version ${answer.against}: ${it.before}`,
        `  the draft: ${it.after}`,
      ]),
    ],
  };
}

async function propose({ api }: Connection, _options: object, draftId = ''): Promise<Shown> {
  return draftShown(await api.call(contract.proposePolicyDraft, { params: { draftId } }));
}

/** The rules by which withdrawals are judged. */
export function registerPolicy(client: Command): void {
  const group = client.command('policy').description('for staff: the rules by which withdrawals are judged');
  acts(group.command('show [version]').description('the policy in force, or an earlier one'), show);
  lists(group.command('versions').description('every policy that was put in force, newest first'), versions);
  lists(group.command('drafts').description('what was written, newest first'), drafts);
  changes(
    group
      .command('draft <file>')
      .description('write a policy down, and hear what it would loosen; it changes nothing')
      .requiredOption('--reason <text>', 'why'),
    draft,
  );
  acts(
    group.command('show-draft <draft>').description('one draft, compared with the policy it follows'),
    showDraft,
  );
  acts(
    group
      .command('simulate <draft>')
      .description('which withdrawals of the past it would have decided differently')
      .option('--from <time>', 'a month ago unless told')
      .option('--until <time>', 'now unless told')
      .option('--against <version>', 'compared with this version; the one in force unless told'),
    simulate,
  );
  changes(
    group
      .command('propose <draft>')
      .description(
        'put it in force at once when it loosens nothing; else as an intent, to sign and to be approved',
      ),
    propose,
  );
}
