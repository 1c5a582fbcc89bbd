import type { Command } from 'commander';
import * as contract from '../../events/webhooks/webhook-contract.ts';
import * as control from '../../control/webhook-change-contract.ts';
import { requestSignatureSchema } from '../../intents/approval-contract.ts';
import { SharedError } from '../../shared/index.ts';
import { readDocument, writeDocument } from '../../station/index.ts';
import type { AnswerOf, CallOf } from './api-client.ts';
import { acts, changes, lists, pageOptions } from './client-command.ts';
import type { Connection } from './connect.ts';
import { done, one, page, type Shown } from './output.ts';
import { showSecret } from './secrets.ts';

type Webhook = AnswerOf<typeof contract.getWebhook>;
type Wish = CallOf<typeof contract.createWebhook>['body'];

interface WishOptions {
  readonly type?: string[];
  readonly description?: string;
}

interface SecretOptions {
  readonly out?: string;
}

const SECRET_OUT = [
  '--out <file>',
  'put its secret there, readable for you alone, instead of showing it',
] as const;

function webhookFacts({ id, url, enabled, disabledReason, eventTypes, description, failingSince }: Webhook) {
  return {
    webhook: id,
    url,
    enabled: enabled ? 'yes' : `no (${disabledReason ?? 'unknown'})`,
    types: eventTypes.length === 0 ? 'all' : eventTypes.join(', '),
    description: description === '' ? null : description,
    'failing since': failingSince,
  };
}

function withSecret(answer: AnswerOf<typeof contract.createWebhook>, { out }: SecretOptions): Promise<Shown> {
  const { lines } = one(answer.webhook, webhookFacts);
  return showSecret({ document: answer, lines }, answer.secret, { name: 'secret', out });
}

/** The contract refuses types that there are not. */
function wishOf({ type, description }: WishOptions): Pick<Wish, 'description' | 'eventTypes'> {
  return {
    ...(type === undefined ? {} : { eventTypes: type as NonNullable<Wish['eventTypes']> }),
    ...(description === undefined ? {} : { description }),
  };
}

async function add({ api }: Connection, options: WishOptions & SecretOptions, url = ''): Promise<Shown> {
  return withSecret(await api.call(contract.createWebhook, { body: { url, ...wishOf(options) } }), options);
}

async function list({ api }: Connection): Promise<Shown> {
  const columns = ['webhook', 'enabled', 'url', 'types'];
  return page(await api.call(contract.listWebhooks, {}), columns, (webhook) => {
    const { enabled, types } = webhookFacts(webhook);
    return [webhook.id, enabled, webhook.url, types];
  });
}

async function show({ api }: Connection, _options: object, webhookId = ''): Promise<Shown> {
  return one(await api.call(contract.getWebhook, { params: { webhookId } }), webhookFacts);
}

interface UpdateOptions extends WishOptions {
  readonly url?: string;
  readonly enable?: true;
  readonly disable?: true;
}

async function update({ api }: Connection, options: UpdateOptions, webhookId = ''): Promise<Shown> {
  const { url, enable, disable } = options;
  const params = { webhookId };
  const { etag, body: current } = await api.send(contract.getWebhook, { params });
  const body = {
    ...wishOf(options),
    ...(url === undefined ? {} : { url }),
    ...(enable === undefined && disable === undefined ? {} : { enabled: enable === true }),
  };
  const call = { params, body, ifMatch: etag ?? `"v${current.version}"` };
  return one(await api.call(contract.updateWebhook, call), webhookFacts);
}

function changeFacts({ intent, hash, state, expiresAt, reason }: AnswerOf<typeof control.getWebhookChange>) {
  return { change: intent.id, state, hash, until: expiresAt, reason };
}

async function askChange(
  { api }: Connection,
  { out, reason }: { readonly out: string; readonly reason: string },
  webhookId = '',
  url = '',
): Promise<Shown> {
  const asked = await api.call(control.requestWebhookChange, {
    params: { webhookId },
    body: { url, reason },
  });
  await writeDocument(out, asked);
  return one(asked, (it) => ({ ...changeFacts(it), next: `withdrawals sign ${out}, webhooks sign-change` }));
}

async function change({ api }: Connection, _options: object, intentId = ''): Promise<Shown> {
  return one(await api.call(control.getWebhookChange, { params: { intentId } }), changeFacts);
}

async function signChange({ api }: Connection, _options: object, intentId = '', file = ''): Promise<Shown> {
  const parsed = requestSignatureSchema.safeParse(await readDocument(file));
  if (!parsed.success) throw new SharedError('config_invalid', `${file} is not a signature.`);
  const call = { params: { intentId }, body: parsed.data };
  return one(await api.call(control.signWebhookChange, call), changeFacts);
}

async function cancelChange({ api }: Connection, _options: object, intentId = ''): Promise<Shown> {
  return one(await api.call(control.cancelWebhookChange, { params: { intentId } }), changeFacts);
}

async function remove({ api }: Connection, _options: object, webhookId = ''): Promise<Shown> {
  await api.call(contract.deleteWebhook, { params: { webhookId } });
  return done('Deleted, and its secret with it.');
}

async function rotate({ api }: Connection, options: SecretOptions, webhookId = ''): Promise<Shown> {
  return withSecret(await api.call(contract.rotateWebhookSecret, { params: { webhookId } }), options);
}

async function test({ api }: Connection, _options: object, webhookId = ''): Promise<Shown> {
  return one(await api.call(contract.testWebhook, { params: { webhookId } }), ({ eventId }) => ({
    'on its way': eventId,
  }));
}

async function deliveries(
  { api }: Connection,
  options: { readonly limit?: string; readonly after?: string },
  webhookId = '',
): Promise<Shown> {
  const call = { params: { webhookId }, query: pageOptions(options) };
  const columns = ['delivery', 'event', 'type', 'state', 'attempts', 'last answer', 'next attempt'];
  return page(await api.call(contract.listWebhookDeliveries, call), columns, (delivery) => {
    const [last] = delivery.attempts;
    return [
      delivery.id,
      delivery.eventId,
      delivery.eventType,
      delivery.state,
      last?.number ?? 0,
      last?.status ?? last?.failure,
      delivery.nextAttemptAt,
    ];
  });
}

async function redeliver(
  { api }: Connection,
  _options: object,
  webhookId = '',
  deliveryId = '',
): Promise<Shown> {
  const call = { params: { webhookId, deliveryId } };
  return one(await api.call(contract.redeliverWebhook, call), ({ id, eventId, state }) => ({
    delivery: id,
    event: eventId,
    state,
  }));
}

/** Being told of events. */
export function registerWebhooks(client: Command): void {
  const group = client.command('webhooks').description('be told of events by signed HTTP requests');
  const wishes = (command: Command): Command =>
    command.option('--type <type...>', 'only these types; all unless told').option('--description <text>');
  changes(wishes(group.command('add <url>').description('add an address')).option(...SECRET_OUT), add);
  acts(group.command('list').description('all of yours'), list);
  acts(group.command('show <webhook>').description('one of them'), show);
  acts(
    wishes(group.command('update <webhook>').description('change it'))
      .option('--url <url>', 'another address')
      .option('--enable', 'deliver again')
      .option('--disable', 'deliver no more'),
    update,
  );
  acts(group.command('delete <webhook>').description('delete it with its secret'), remove);
  changes(
    group
      .command('ask-change <webhook> <url>')
      .description('where others must approve it: ask for an endpoint to be moved or switched on')
      .requiredOption('--reason <text>', 'why')
      .requiredOption('--out <file>', 'what you sign next, with `withdrawals sign`'),
    askChange,
  );
  acts(group.command('change <intent>').description('what became of it'), change);
  changes(
    group.command('sign-change <intent> <file>').description('hand in the signature over it'),
    signChange,
  );
  changes(group.command('cancel-change <intent>').description('take it back'), cancelChange);
  changes(
    group
      .command('rotate-secret <webhook>')
      .description('get a new secret; for a day both count')
      .option(...SECRET_OUT),
    rotate,
  );
  changes(group.command('test <webhook>').description('send a test event'), test);
  lists(group.command('deliveries <webhook>').description('what was delivered, newest first'), deliveries);
  acts(group.command('redeliver <webhook> <delivery>').description('deliver once more'), redeliver);
}
