import { requestActor } from '../approvals/index.ts';
import type { Database } from '../database/index.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import type { Clock } from '../shared/index.ts';
import * as contract from './evidence-contract.ts';
import { attachEvidence, listEvidence, readEvidence } from './evidence.ts';

/** Files attached to restrictions, over HTTP. */
export function evidenceRoutes(parts: {
  readonly database: Database;
  readonly clock: Clock;
}): readonly BoundOperation[] {
  const { database, clock } = parts;
  return [
    handleOnce(contract.attachEvidence, async (request, effect) => {
      const { params, principal, body } = request;
      const { name, mediaType } = body;
      const content = Uint8Array.from(Buffer.from(body.content, 'base64'));
      const names = { id: effect.id('evidence'), restriction: params.restrictionId, addedBy: principal.id };
      return await effect.commit(async (tx) => {
        const attached = { ...names, name, mediaType, content };
        return { status: 201, body: await attachEvidence(tx, clock, attached, requestActor(request)) };
      });
    }),
    handle(contract.listEvidence, async ({ params }) => {
      return { status: 200, body: { items: [...(await listEvidence(database, params.restrictionId))] } };
    }),
    handle(contract.readEvidence, async (request) => {
      const found = await readEvidence(parts, request.params.evidenceId, requestActor(request));
      return { status: 200, body: { ...found, content: Buffer.from(found.content).toString('base64') } };
    }),
  ];
}
