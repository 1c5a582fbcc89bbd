// Whoever writes to the application's database can stop a payment and be found out, but not change what is paid.
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { intentHash, statementDigest, type WithdrawalIntent } from '../../src/intents/index.ts';
import { canonicalJson, idToUuid, parseId, satoshis, type JsonValue } from '../../src/shared/index.ts';
import { passkeySigner } from '../fixtures/signing-keys.ts';
import type { Owner } from '../withdrawals/support/house.ts';
import { application, AttackScene, signer, THIEF } from './support/attack-scene.ts';

let scene: AttackScene;
let ada: Owner;
beforeAll(async () => {
  scene = await AttackScene.open();
  ada = await scene.owner(...Array.from({ length: 14 }, () => 400_000n));
});
afterAll(() => scene.close());
afterEach(() => scene.forget());

function changed(intent: WithdrawalIntent, body: Partial<WithdrawalIntent['body']>): WithdrawalIntent {
  return { ...intent, body: { ...intent.body, ...body } };
}

const toThief = (intent: WithdrawalIntent): WithdrawalIntent =>
  changed(intent, { payments: [{ address: THIEF, satoshis: '150000' }] });
const doubled = (intent: WithdrawalIntent): WithdrawalIntent =>
  changed(intent, { payments: [{ ...intent.body.payments[0]!, satoshis: '300000' }] });
const dear = (intent: WithdrawalIntent): WithdrawalIntent => changed(intent, { maxFeeSatoshis: '200000' });

describe('in the approved intent, after the last approval', () => {
  test.each([
    ['the payee', toThief],
    ['the amount', doubled],
    ['the fee cap', dear],
  ])('%s edited', async (_, change) => {
    const { id, intent } = await scene.approved(ada);
    await scene.expectRefused(application('queued_intent_damaged'), async () => {
      const text = canonicalJson(change(intent) as JsonValue);
      await scene.tamper(
        'UPDATE app.queued_intent SET canonical = $1 WHERE id = $2',
        text,
        scene.intentUuid(intent),
      );
      await scene.goOn(id);
    });
  });

  test.each([
    ['the payee', toThief, 'withdrawal', {}],
    ['the amount, with the withdrawal’s own', doubled, 'withdrawal', { amount: 300_000 }],
    ['the fee cap, with the withdrawal’s own', dear, 'withdrawal', { max_fee: 200_000 }],
  ])('%s edited, and its hash made to fit', async (_, change, table, columns) => {
    const { id, intent } = await scene.approved(ada);
    await scene.expectRefused(application('approval_for_another_intent'), async () => {
      const other = change(intent);
      await scene.tamper(
        'UPDATE app.queued_intent SET canonical = $1, hash = $2 WHERE id = $3',
        canonicalJson(other as JsonValue),
        intentHash(other),
        scene.intentUuid(intent),
      );
      for (const [column, value] of Object.entries(columns)) {
        await scene.tamper(`UPDATE app.${table} SET ${column} = $1 WHERE id = $2`, value, idToUuid(id));
      }
      await scene.goOn(id);
    });
  });

  test('the amount of the withdrawal alone edited', async () => {
    const { id } = await scene.approved(ada);
    await scene.expectRefused(application('withdrawal_damaged'), async () => {
      await scene.tamper('UPDATE app.withdrawal SET amount = 390000 WHERE id = $1', idToUuid(id));
      await scene.goOn(id);
    });
  });
});

describe('in the stored transaction', () => {
  test.each([
    ['in its place', 'withdrawal_damaged', false],
    ['in its place, under its own name', 'payments_differ', true],
  ])('another payout’s put %s', async (_, code, alsoName) => {
    const first = await scene.built(ada);
    const second = await scene.built(ada, {
      to: { kind: 'addresses', payments: [{ address: THIEF, satoshis: satoshis(390_000n) }] },
    });
    const theirs = (await scene.house.row(second.id)).payout!.transactions[0]!;
    const { payoutId } = await scene.house.row(first.id);
    await scene.expectRefused(application(code), async () => {
      const { txid, psbt } = theirs;
      const table = 'UPDATE app.payout_transaction SET';
      if (alsoName) await scene.tamper(`${table} txid = $1 WHERE txid = $2`, 'f'.repeat(64), txid);
      await scene.tamper(`${table} psbt = $1 WHERE payout_id = $2`, psbt, payoutId);
      if (alsoName) await scene.tamper(`${table} txid = $1 WHERE payout_id = $2`, txid, payoutId);
      await scene.goOn(first.id);
    });
  });

  test('another payout’s put in its place when the station has signed both', async () => {
    const first = await scene.built(ada);
    const second = await scene.built(ada);
    const signed = await scene.atStation(await scene.bundleOf(second.id));
    const { payoutId } = await scene.house.row(first.id);
    const theirs = (await scene.house.row(second.id)).payout!.transactions[0]!;
    await scene.expectRefused(application('withdrawal_damaged'), async () => {
      await scene.tamper(
        `UPDATE app.payout_transaction SET psbt = $1, cosigned = $2 WHERE payout_id = $3`,
        theirs.psbt,
        signed.psbt,
        payoutId,
      );
      await scene.goOn(first.id);
    });
  });

  test('the application’s own check skipped: the signer refuses what the row says', async () => {
    const { id, intent } = await scene.built(ada);
    const bundle = await scene.bundleOf(id);
    const signed = await scene.atStation(bundle);
    await scene.expectRefused(signer('approval_for_another_intent'), async () => {
      const intents = [{ ...signed.intents[0]!, intent: toThief(intent) }];
      await scene.house.parts.cosigner.sign({ ...signed, intents });
    });
  });
});

describe('people', () => {
  test('an approval forged in the name of an approver', async () => {
    const { id, intent } = await scene.asked(ada);
    const real = scene.house.approvalBy(intent);
    const forged = {
      statement: real.statement,
      signature: passkeySigner().sign(statementDigest(real.statement)),
    };
    await scene.expectRefused(application('approvals_insufficient'), async () => {
      await scene.tamper(
        `INSERT INTO app.intent_approval (intent_id, staff_id, decision, content, received_at)
         VALUES ($1, $2, 'approve', $3, now())`,
        scene.intentUuid(intent),
        idToUuid(parseId('staff', real.statement.approver)),
        canonicalJson(forged as unknown as JsonValue),
      );
      await scene.tamper(
        `UPDATE app.queued_intent SET state = 'approved', version = version + 1 WHERE id = $1`,
        scene.intentUuid(intent),
      );
      await scene.goOn(id);
    });
  });

  test('the customer’s key swapped for the attacker’s, who then asks in the customer’s name', async () => {
    const thief = passkeySigner();
    const key = idToUuid(ada.customer.credential);
    const { publicKey } = await scene.house.database.signingCredential.findUniqueOrThrow({
      where: { credentialId: key },
    });
    const put = (text: string) =>
      scene.tamper('UPDATE app.signing_credential SET public_key = $1 WHERE credential_id = $2', text, key);
    await scene.expectRefused(signer('signature_wrong'), async () => {
      await put(canonicalJson(thief.publicKey));
      const robbed = { ...ada, customer: { ...ada.customer, signer: thief } };
      const { id, intent } = await scene.asked(robbed, {
        to: { kind: 'addresses', payments: [{ address: THIEF, satoshis: satoshis(150_000n) }] },
      });
      await scene.house.judge(intent);
      await scene.house.carryOn();
      const bundle = await scene.bundleOf(id);
      // A station that was fooled, or bribed: even then the signer knows the customer's key.
      const { cosigner } = scene.house.parts;
      await cosigner.sign(await scene.house.signedBundle(bundle));
    });
    await put(publicKey);
  });
});
