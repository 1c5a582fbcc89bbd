// Attacks on what controls payments: restrictions, quorums, policy, fee bumps, time, and the database as a whole.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseAddress, parsePsbtBase64, psbtToBase64 } from '../../src/bitcoin/index.ts';
import { GLOBAL } from '../../src/bitcoin/psbt/psbt-fields.ts';
import { serializeWithoutWitness } from '../../src/bitcoin/transactions/transaction-codec.ts';
import { inTransaction } from '../../src/database/index.ts';
import type { Intent, SigningBundle } from '../../src/intents/index.ts';
import { accountId } from '../../src/ledger/client/index.ts';
import { idToUuid, parseFeeRate, satoshis } from '../../src/shared/index.ts';
import { bumpFee } from '../../src/withdrawals/bump-fee.ts';
import { importBundle } from '../../src/withdrawals/index.ts';
import { policyHash, policyText } from '../../src/policy/document.ts';
import type { PolicyDocument } from '../../src/policy/policy-document-contract.ts';
import { policyOf, rule } from '../policy/documents.ts';
import { FrozenHouse } from '../freeze/frozen-house.ts';
import { PAYEE, SOMEBODY, type Owner } from '../withdrawals/support/house.ts';
import { application, AttackScene, signer, THIEF } from './support/attack-scene.ts';

const HOUR_MS = 3_600_000;

let scene: AttackScene;
let office: FrozenHouse;
let ada: Owner;
beforeAll(async () => {
  scene = await AttackScene.open();
  office = new FrozenHouse(scene.house);
  ada = await scene.owner(...Array.from({ length: 6 }, () => 400_000n), 1_500_000n, 1_600_000n);
});
afterAll(() => scene.close());
afterEach(() => scene.forget());

/** The signer asked by a compromised application, past all that the application itself would check. */
function ask(bundle: SigningBundle): Promise<unknown> {
  return scene.house.parts.cosigner.sign(bundle);
}

async function ledgerFreezes(): Promise<boolean> {
  const { value } = await scene.house.chain.house.ledger.accounts([
    accountId('spending', 1, ada.customer.id),
  ]);
  return value[0]?.flags.frozen === true;
}

describe('a restriction', () => {
  test('between approval and signing stops what a cosigner has signed already, also after its release', async () => {
    const { id } = await scene.built(ada);
    const signed = await scene.atStation(await scene.bundleOf(id));
    const restriction = await office.frozen(ada.customer.id);
    await scene.expectRefused(signer('account_restricted'), () => ask(signed));
    await office.release(restriction);
    await scene.expectRefused(signer('approval_before_release'), () => ask(signed));
  });

  test('is not lifted by what was approved to lift another', async () => {
    const first = await office.frozen(ada.customer.id);
    const second = await office.frozen(ada.customer.id);
    await office.release(first);
    const { releaseIntent } = await office.read(first);
    await scene.expectRefused(application('restriction_damaged'), async () => {
      await scene.tamper(
        `UPDATE app.restriction SET release_intent_id = NULL, state = 'in_force' WHERE id = $1;
         UPDATE app.restriction SET release_intent_id = $2, state = 'releasing', look_at = '2001-01-01' WHERE id = $3`,
        idToUuid(first),
        idToUuid(releaseIntent!),
        idToUuid(second),
      );
      await office.settle();
    });
    expect(await ledgerFreezes()).toBe(true);
    expect((await office.read(second)).state).toBe('in_force');
    await scene.tamper(
      `UPDATE app.restriction SET release_intent_id = $1, state = 'released', look_at = NULL WHERE id = $2`,
      idToUuid(releaseIntent!),
      idToUuid(first),
    );
    await office.release(second);
    expect(await ledgerFreezes()).toBe(false);
  });

  test('is not lifted by two accounts of one person', async () => {
    const id = await office.frozen(ada.customer.id);
    const [first, second, third] = scene.house.chain.house.scene.house.manifest.approvers;
    const twice = [first!, { ...second!, person: first!.person }, third!];
    await scene.nextManifest(() => ({ approvers: twice }), true);
    const intent: Intent = await office.ask(id, 0);
    await scene.expectRefused(application('approver_is_requester'), async () => {
      const word = scene.house.approvalBy(intent, 1);
      const send = await scene.api(word.statement.approver, ['compliance']);
      const answer = await send(`/v1/intents/${intent.id}/approvals`, word);
      expect(answer.body['code']).toBe('approver_is_requester');
      await office.settle();
    });
    expect((await office.read(id)).state).toBe('in_force');
    await scene.nextManifest(() => ({ approvers: [first!, second!, third!] }), true);
    await scene.house.judge(intent, 2);
    await office.settle();
    expect((await office.read(id)).state).toBe('released');
  });
});

describe('a quorum', () => {
  const large = {
    to: { kind: 'addresses', payments: [{ address: PAYEE, satoshis: satoshis(1_200_000n) }] },
  } as const;

  test('that a console alone has met, whatever it showed, does not pay a large amount', async () => {
    const { id, intent } = await scene.asked(ada, large);
    // Two people, both by the page: none has read it from the bytes.
    await scene.house.judge(intent, 0);
    await scene.house.judge(intent, 1);
    expect(await scene.house.intentState(intent)).toBe('open');
    await scene.expectRefused(application('approvals_insufficient'), async () => {
      await scene.tamper(
        `UPDATE app.queued_intent SET state = 'approved', version = version + 1, changed_at = '2001-01-01' WHERE id = $1`,
        scene.intentUuid(intent),
      );
      await scene.goOn(id);
    });
  });

  /** A version of the policy by the database alone, with a hash that fits or not. */
  async function putPolicy(number: number, hash: (document: PolicyDocument) => string): Promise<void> {
    const document = policyOf([rule('anything')]);
    await scene.tamper(
      `INSERT INTO app.policy_version (number, document, hash, previous_hash, draft_id, proposed_by, loosens, in_force_at)
       VALUES (${number}, $1, $2, $2, gen_random_uuid(), 'stf_01jd1f0v00e008000000000001', false, now())`,
      policyText(document),
      hash(document),
    );
  }

  test('that a policy in the database asks for is never less than the manifest’s', async () => {
    const { id, intent } = await scene.asked(ada, large);
    await putPolicy(2, policyHash);
    await scene.house.judge(intent, 2);
    expect(await scene.house.intentState(intent)).toBe('open');
    await scene.expectRefused(application('approvals_insufficient'), async () => {
      await scene.tamper(
        `UPDATE app.queued_intent SET state = 'approved', version = version + 1, changed_at = '2001-01-01' WHERE id = $1`,
        scene.intentUuid(intent),
      );
      await scene.goOn(id);
    });
    await scene.tamper('DELETE FROM app.policy_version');
  });

  test('is not counted by a policy that was edited where it is stored', async () => {
    const { intent } = await scene.asked(ada, large);
    await putPolicy(3, () => 'a'.repeat(64));
    scene.house.chain.house.scene.clock.advance(1_000);
    await scene.expectRefused(application('policy_damaged'), async () => {
      const answer = await scene.submit(intent, scene.house.approvalBy(intent, 2));
      expect(answer.body['code']).toBe('policy_damaged');
    });
    await scene.tamper('DELETE FROM app.policy_version');
  });
});

describe('a fee bump', () => {
  test('whose change goes to the thief', async () => {
    const { id } = await scene.built(ada);
    await scene.goOn(id);
    expect(await scene.house.state(id)).toBe('broadcast');
    // More than the dearest variant that the station has signed already, so that it is asked anew.
    await inTransaction(scene.house.database, (tx) =>
      bumpFee(scene.house.parts, tx, id, parseFeeRate('90'), SOMEBODY),
    );
    const bundle = await scene.bundleOf(id);
    const psbt = parsePsbtBase64(bundle.psbt);
    const payee = Buffer.from(parseAddress(PAYEE, 'regtest').scriptPubKey);
    const change = psbt.transaction.outs.find(({ script }) => !payee.equals(script));
    change!.script = Buffer.from(parseAddress(THIEF, 'regtest').scriptPubKey);
    psbt.global.setType(GLOBAL.unsignedTransaction, serializeWithoutWitness(psbt.transaction));
    const evil = await scene.house.signedBundle({ ...bundle, psbt: psbtToBase64(psbt) });
    await scene.expectRefused([...application('bundle_unknown'), ...signer('change_not_ours')], async () => {
      await expect(importBundle(scene.house.parts, evil, SOMEBODY)).rejects.toMatchObject({
        code: 'bundle_unknown',
      });
      await expect(scene.atStation(evil)).rejects.toMatchObject({ code: 'change_not_ours' });
      await ask(evil);
    });
    await scene.house.mine(1);
    await scene.goOn();
  });
});

test('a signer whose clock is set back does not take for current what has expired', async () => {
  const { clock } = scene.house.chain.house.scene;
  const { id } = await scene.built(ada, { lifetimeMs: HOUR_MS });
  const signed = await scene.atStation(await scene.bundleOf(id));
  // The application is the attacker's: it does not have the signer revoke what has expired.
  await scene.forget();
  clock.advance(26 * HOUR_MS);
  const later = await scene.built(ada);
  await scene.goOn(later.id);
  expect(await scene.house.state(later.id)).toBe('broadcast');
  await scene.expectRefused(signer('intent_expired'), () => ask(signed));
  clock.advance(-26 * HOUR_MS);
  await scene.expectRefused(signer('clock_set_back'), () => ask(signed));
  clock.advance(26 * HOUR_MS);
  await scene.house.mine(1);
  await scene.goOn();
});

// The last: there is no way on from it but to restore what is newer.
test('a database that is rolled back to yesterday pays nothing again', async () => {
  const { id } = await scene.approved(ada);
  const tables = (
    await scene.house.chain.house.scene.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'app'`,
    )
  ).map(({ name }) => name);
  await scene.tamper(
    `CREATE SCHEMA yesterday; ${tables.map((name) => `CREATE TABLE yesterday.${name} AS TABLE app.${name}`).join('; ')}`,
  );
  await scene.goOn(id);
  expect(await scene.house.state(id)).toBe('broadcast');
  await scene.house.mine(1);
  await scene.house.later();
  expect(await scene.house.state(id)).toBe('confirmed');
  await scene.tamper(
    tables
      .map((name) => `DELETE FROM app.${name}; INSERT INTO app.${name} SELECT * FROM yesterday.${name}`)
      .join('; '),
  );
  const { chain } = scene.house;
  chain.follower = chain.newFollower();
  await chain.settle();
  expect(await scene.house.state(id)).toBe('awaiting_approval');
  await scene.expectRefused([...signer('intent_consumed'), ...application('intent_consumed')], async () => {
    await scene.house.settle();
    await importBundle(scene.house.parts, await scene.house.signedBundle(await scene.bundleOf(id)), SOMEBODY);
    await scene.goOn();
  });
});
