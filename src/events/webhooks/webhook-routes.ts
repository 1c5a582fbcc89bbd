import { actorOf, strengthOf } from '../../audit/index.ts';
import { handle, handleOnce, type BoundOperation, type Principal } from '../../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../../http/fields-contract.ts';
import { parseId, type RequestId } from '../../shared/index.ts';
import { listDeliveries, redeliver } from './deliveries.ts';
import {
  createWebhook,
  decidesAlone,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  rotateSecret,
  sendTest,
  updateWebhook,
  type Cause,
} from './manage-webhooks.ts';
import * as contract from './webhook-contract.ts';
import type { WebhookOwner, WebhookParts } from './webhook.ts';

function ownerOf({ kind, id }: Principal): WebhookOwner {
  if (kind === 'customer') return { kind, id: parseId('customer', id) };
  if (kind === 'integrator') return { kind, id: parseId('integrator', id) };
  throw new TypeError('an operation for customers and integrators was reached by somebody else');
}

function causeOf(request: { readonly principal: Principal; readonly requestId: RequestId }): Cause {
  const { principal, requestId } = request;
  return { actor: actorOf(principal), strength: strengthOf(principal), requestId };
}

function endpoints(parts: WebhookParts): readonly BoundOperation[] {
  return [
    handleOnce(contract.createWebhook, async (request, effect) => {
      const { url, description = '', eventTypes = [] } = request.body;
      const owner = ownerOf(request.principal);
      const id = effect.id('webhook');
      const approved = await decidesAlone(parts, owner);
      return await effect.commit(async (tx) => {
        const settings = { url, description, eventTypes, approved };
        const body = await createWebhook(parts, tx, owner, id, settings, causeOf(request));
        return { status: 201, body, replayBody: { ...body, secret: null }, location: `/v1/webhooks/${id}` };
      });
    }),
    handle(contract.listWebhooks, async ({ principal }) => {
      const items = [...(await listWebhooks(parts, ownerOf(principal)))];
      return { status: 200, body: { items } };
    }),
    handle(contract.getWebhook, async ({ principal, params }) => {
      const body = await getWebhook(parts, ownerOf(principal), params.webhookId);
      return { status: 200, body, version: body.version };
    }),
    handle(contract.updateWebhook, async (request) => {
      const { principal, params, ifMatchVersion } = request;
      const { url, description, eventTypes, enabled } = request.body;
      const change = {
        ...(url === undefined ? {} : { url }),
        ...(description === undefined ? {} : { description }),
        ...(eventTypes === undefined ? {} : { eventTypes }),
        enabled,
      };
      const owner = ownerOf(principal);
      const cause = causeOf(request);
      const body = await updateWebhook(parts, owner, params.webhookId, ifMatchVersion, change, cause);
      return { status: 200, body, version: body.version };
    }),
    handle(contract.deleteWebhook, async (request) => {
      await deleteWebhook(parts, ownerOf(request.principal), request.params.webhookId, causeOf(request));
      return { status: 204 };
    }),
  ];
}

function actions(parts: WebhookParts): readonly BoundOperation[] {
  return [
    handleOnce(contract.rotateWebhookSecret, async (request, effect) => {
      const owner = ownerOf(request.principal);
      return await effect.commit(async (tx) => {
        const body = await rotateSecret(parts, tx, owner, request.params.webhookId, causeOf(request));
        return { status: 200, body, replayBody: { ...body, secret: null } };
      });
    }),
    handleOnce(contract.testWebhook, async (request, effect) => {
      const owner = ownerOf(request.principal);
      return await effect.commit(async (tx) => {
        const eventId = await sendTest(parts, tx, owner, request.params.webhookId, causeOf(request));
        return { status: 202, body: { eventId } };
      });
    }),
    handle(contract.listWebhookDeliveries, async ({ principal, params, query, cursors }) => {
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const { items, more } = await listDeliveries(
        parts,
        ownerOf(principal),
        params.webhookId,
        query.limit ?? DEFAULT_PAGE_LIMIT,
        after === undefined ? null : parseId('delivery', after),
      );
      const last = items.at(-1);
      const nextCursor = more && last !== undefined ? cursors.encode([last.id]) : null;
      return { status: 200, body: { items, nextCursor } };
    }),
    handle(contract.redeliverWebhook, async (request) => {
      const { webhookId, deliveryId } = request.params;
      const body = await redeliver(
        parts,
        ownerOf(request.principal),
        webhookId,
        deliveryId,
        causeOf(request),
      );
      return { status: 202, body };
    }),
  ];
}

export function webhookRoutes(parts: WebhookParts): readonly BoundOperation[] {
  return [...endpoints(parts), ...actions(parts)];
}
