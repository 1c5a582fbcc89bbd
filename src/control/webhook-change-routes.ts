import { findIntent, requestActor, withAlarm, type StoredIntent } from '../approvals/index.ts';
import { inTransaction } from '../database/index.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { requireCustomer } from '../identity/index.ts';
import * as contract from './webhook-change-contract.ts';
import { ownWebhookChange, requestWebhookChange, type WebhookChangeParts } from './webhook-changes.ts';

function wire({ intent, hash, state, reason }: StoredIntent) {
  return { intent, hash, state, reason, expiresAt: new Date(intent.expiresAt) };
}

/** Where messages of a customer go, when others must approve that, over HTTP. */
export function webhookChangeRoutes(parts: WebhookChangeParts): readonly BoundOperation[] {
  const { database, queue } = parts;
  return [
    handleOnce(contract.requestWebhookChange, async (request, effect) => {
      const { params, body } = request;
      const customer = requireCustomer(request.principal);
      const asked = { ...body, customer, webhook: params.webhookId, intent: effect.id('intent') };
      return await effect.commit(async (tx) => ({
        status: 201,
        body: wire(await requestWebhookChange(parts, tx, asked, requestActor(request))),
      }));
    }),
    handle(contract.getWebhookChange, async ({ params, principal }) => {
      const customer = requireCustomer(principal);
      const found = await inTransaction(database, (tx) => ownWebhookChange(tx, params.intentId, customer));
      return { status: 200, body: wire(found) };
    }),
    handleOnce(contract.signWebhookChange, async (request, effect) => {
      const { params, body } = request;
      const by = requestActor(request);
      const customer = requireCustomer(request.principal);
      return await withAlarm(parts, { subject: params.intentId, during: 'webhook.sign' }, by, () =>
        effect.commit(async (tx) => {
          await ownWebhookChange(tx, params.intentId, customer);
          return { status: 200, body: wire(await queue.sign(tx, params.intentId, body, by)) };
        }),
      );
    }),
    handleOnce(contract.cancelWebhookChange, async (request, effect) => {
      const { params } = request;
      const customer = requireCustomer(request.principal);
      return await effect.commit(async (tx) => {
        const { id } = await ownWebhookChange(tx, params.intentId, customer);
        await queue.cancel(tx, id, requestActor(request), 'The customer has taken it back.');
        return { status: 200, body: wire(await findIntent(tx, id)) };
      });
    }),
  ];
}
