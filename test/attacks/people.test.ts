// Words of people that are not what they should be: refused where they arrive, told to operators, nothing moves.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { statementDigest, type WithdrawalIntent } from '../../src/intents/index.ts';
import {
  canonicalJson,
  idToUuid,
  parseId,
  type JsonValue,
  type WithdrawalId,
} from '../../src/shared/index.ts';
import { passkeySigner } from '../fixtures/signing-keys.ts';
import { backUp } from '../signer/signer-scene.ts';
import type { Owner } from '../withdrawals/support/house.ts';
import { application, AttackScene, signer } from './support/attack-scene.ts';

let scene: AttackScene;
let ada: Owner;
beforeAll(async () => {
  scene = await AttackScene.open();
  ada = await scene.owner(...Array.from({ length: 10 }, () => 400_000n));
});
afterAll(() => scene.close());
afterEach(() => scene.forget());

async function storedWord(intent: WithdrawalIntent) {
  const [row] = await scene.house.database.intentApproval.findMany({
    where: { intentId: scene.intentUuid(intent) },
  });
  return row!;
}

async function insertWord(intent: WithdrawalIntent, staff: string, content: string): Promise<void> {
  await scene.tamper(
    `INSERT INTO app.intent_approval (intent_id, staff_id, decision, content, received_at)
     VALUES ($1, $2, 'approve', $3, now())`,
    scene.intentUuid(intent),
    staff,
    content,
  );
  await scene.tamper(
    `UPDATE app.queued_intent SET state = 'approved', version = version + 1 WHERE id = $1`,
    scene.intentUuid(intent),
  );
}

describe('an approval', () => {
  test('moved to another intent, over the API', async () => {
    const { intent } = await scene.asked(ada);
    const other = await scene.asked(ada);
    const word = scene.house.approvalBy(intent);
    await scene.expectRefused(application('approval_for_another_intent'), async () => {
      expect((await scene.submit(other.intent, word)).body['code']).toBe('approval_for_another_intent');
      await scene.goOn();
    });
  });

  test('moved to another intent, in the database', async () => {
    const first = await scene.approved(ada);
    const other = await scene.asked(ada);
    await scene.expectRefused(application('approvals_insufficient'), async () => {
      const { staffId, content } = await storedWord(first.intent);
      await insertWord(other.intent, staffId, content);
      await scene.goOn(other.id);
    });
  });

  test('by somebody in the name of another, with a stolen session', async () => {
    const { intent } = await scene.asked(ada);
    const real = scene.house.approvalBy(intent);
    const forged = { ...real, signature: passkeySigner().sign(statementDigest(real.statement)) };
    await scene.expectRefused(application('signature_wrong', 'approval_of_another'), async () => {
      expect((await scene.submit(intent, forged)).body['code']).toBe('signature_wrong');
      const colleague = scene.house.approvalBy(intent, 1).statement.approver;
      expect((await scene.submit(intent, real, colleague)).body['code']).toBe('approval_of_another');
      await scene.goOn();
    });
  });

  test('whose approver’s key was swapped in the database', async () => {
    const { intent } = await scene.asked(ada);
    const thief = passkeySigner();
    const { statement } = scene.house.approvalBy(intent);
    const { database } = scene.house;
    const now = new Date();
    const staffId = idToUuid(parseId('staff', statement.approver));
    await database.staff.create({
      data: {
        id: staffId,
        email: 'bob@example.com',
        displayName: 'Bob',
        roles: ['compliance'],
        createdAt: now,
      },
    });
    // Whatever the application believes of a colleague's keys: approvals are counted by the officers' manifest.
    const { publicKey } = thief;
    if (publicKey.algorithm !== 'webauthn') throw new Error('the thief has a passkey');
    await scene.tamper(
      `INSERT INTO app.credential
         (id, kind, staff_id, label, created_at, confirmed_at, passkey_id, public_key, sign_count, transports)
       VALUES (gen_random_uuid(), 'passkey', $1, 'swapped', now(), now(), decode($2, 'hex'), decode($3, 'hex'), 0, '{}')`,
      staffId,
      Buffer.from(publicKey.credentialId, 'base64url').toString('hex'),
      Buffer.from(publicKey.coseKey, 'base64url').toString('hex'),
    );
    const forged = { statement, signature: thief.sign(statementDigest(statement)) };
    await scene.expectRefused(application('signature_wrong'), async () => {
      expect((await scene.submit(intent, forged)).body['code']).toBe('signature_wrong');
      await scene.goOn();
    });
  });

  test('handed in after its intent has expired, and time turned back in the row', async () => {
    const { id, intent } = await scene.asked(ada, { lifetimeMs: 3_600_000 });
    const word = scene.house.approvalBy(intent);
    scene.house.chain.house.scene.clock.advance(3_700_000);
    await scene.expectRefused(application('queued_intent_damaged'), async () => {
      expect((await scene.submit(intent, word)).body['code']).toBe('queued_intent_settled');
      await scene.tamper(
        `UPDATE app.queued_intent SET expires_at = expires_at + interval '1 day', version = version + 1 WHERE id = $1`,
        scene.intentUuid(intent),
      );
      await scene.goOn(id);
    });
  });

  test('that has served: the same intent with another transaction', async () => {
    const { id, intent } = await scene.built(ada);
    await scene.goOn(id);
    expect(await scene.house.state(id)).toBe('broadcast');
    await scene.house.mine(1);
    await scene.house.later();
    await scene.expectRefused(signer('intent_consumed'), async () => {
      const other = await scene.built(ada);
      const signed = await scene.house.signedBundle(await scene.bundleOf(other.id));
      const [entry] = signed.intents;
      const { request, approvals } = await scene.house.entitlement(intent);
      const replayed = { ...signed, intents: [{ ...entry!, intent, request, approvals }] };
      await scene.house.parts.cosigner.sign(replayed);
    });
  });
});

describe('a request', () => {
  test('without the customer’s signature', async () => {
    const { id, intent } = await scene.house.ask(ada, { to: scene.wish(150_000n) });
    const foreign = await scene.asked(ada);
    await scene.expectRefused(application('approval_for_another_intent'), async () => {
      const { request } = await scene.house.database.queuedIntent.findUniqueOrThrow({
        where: { id: scene.intentUuid(foreign.intent) },
      });
      // A row without any signature is refused by the table itself, even to an administrator.
      await expect(
        scene.tamper(
          `UPDATE app.queued_intent SET state = 'open', version = 2 WHERE id = $1`,
          scene.intentUuid(intent),
        ),
      ).rejects.toThrow('queued_intent_request_check');
      await scene.tamper(
        `UPDATE app.queued_intent SET state = 'open', version = 2, request = $1 WHERE id = $2`,
        request,
        scene.intentUuid(intent),
      );
      await scene.house.judge(intent);
      await scene.goOn(id);
    });
  });

  test('signed by somebody else, over the API', async () => {
    const { id, intent } = await scene.house.ask(ada, { to: scene.wish(150_000n) });
    const stranger = { ...ada, customer: { ...ada.customer, signer: passkeySigner() } };
    await scene.expectRefused(application('signature_wrong'), async () => {
      const send = await scene.api(ada.customer.id);
      const answer = await send(
        `/v1/withdrawals/${id}/request-signature`,
        scene.house.signatureOf(stranger, intent),
      );
      expect(answer.body['code']).toBe('signature_wrong');
      await scene.goOn();
    });
  });

  test('stripped of its signature on the way to the signer', async () => {
    const { id } = await scene.built(ada);
    const signed = await scene.atStation(await scene.bundleOf(id));
    await scene.expectRefused(signer('request_not_signed_by_customer'), async () => {
      const intents = [{ ...signed.intents[0]!, request: null }];
      await scene.house.parts.cosigner.sign({ ...signed, intents });
    });
  });
});

/** The first approver may be revoked by now. */
async function approvedBySecond(): Promise<{ id: WithdrawalId; intent: WithdrawalIntent }> {
  const asked = await scene.asked(ada);
  await scene.house.judge(asked.intent, 1);
  await scene.house.carryOn();
  return asked;
}

describe('people of a manifest', () => {
  test('the one who asks approves their own withdrawal, by a second account', async () => {
    const [first, ...others] = scene.house.chain.house.scene.house.manifest.approvers;
    const approvers = [{ ...first!, customer: ada.customer.id }, ...others];
    await scene.nextManifest(() => ({ approvers }), true);
    const { id, intent } = await scene.asked(ada);
    await scene.expectRefused(application('approver_is_requester', 'approvals_insufficient'), async () => {
      const word = scene.house.approvalBy(intent);
      expect((await scene.submit(intent, word)).body['code']).toBe('approver_is_requester');
      await insertWord(intent, idToUuid(parseId('staff', first!.id)), canonicalJson(word as JsonValue));
      await scene.goOn(id);
    });
    await scene.nextManifest(() => ({ approvers: [first!, ...others] }), true);
  });

  test('an approver whom the officers have revoked, before the application has noticed', async () => {
    const { id } = await scene.approved(ada);
    await scene.house.carryOn();
    const signed = await scene.house.signedBundle(await scene.bundleOf(id));
    const { approvers } = scene.house.chain.house.scene.house.manifest;
    await scene.nextManifest(() => ({ approvers: approvers.slice(1) }), false);
    await scene.expectRefused(signer('approver_unknown'), async () => {
      await scene.house.parts.cosigner.sign(signed);
    });
  });
});

test('a signer put back from an old backup is sealed by its witness, and says so', async () => {
  const house = scene.house.chain.house;
  const first = await approvedBySecond();
  const restore = await backUp(house.scene);
  await scene.goOn(first.id);
  expect(await scene.house.state(first.id)).toBe('broadcast');
  await scene.house.mine(1);
  await scene.house.later();
  await restore();
  const second = await approvedBySecond();
  await scene.expectRefused([...signer('signer_sealed'), ...application('signer_sealed')], () =>
    scene.goOn(second.id),
  );
  expect((await house.signer.status({})).sealed?.reason).toContain('old copy');
});
