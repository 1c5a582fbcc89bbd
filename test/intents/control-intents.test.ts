import { describe, expect, test } from 'vitest';
import {
  explainIntent,
  parseIntent,
  requesterKeys,
  ruleFor,
  signingBundleSchema,
  verifyApprovals,
  verifyRequest,
  type PublicKey,
} from '../../src/intents/index.ts';
import {
  approval,
  institution,
  NOW,
  releaseIntent,
  signedRequest,
  withdrawalIntent,
} from '../fixtures/intents.ts';

const house = institution();
const [asker, other] = house.approvers as [
  (typeof house.approvers)[number],
  (typeof house.approvers)[number],
];
const intent = releaseIntent(house, asker.id);
const customers = new Map<string, PublicKey>([[house.customer.credential, house.customer.signer.publicKey]]);

function code(expected: string) {
  return expect.objectContaining({ code: expected }) as unknown;
}

describe('an intent that moves no coins', () => {
  test('is read from its bytes, and says what it is', () => {
    expect(parseIntent(structuredClone(intent))).toEqual(intent);
    expect(explainIntent(intent)[0]).toContain(intent.body.restriction);
  });

  test('is asked for by staff, with the key of the manifest and no other', async () => {
    const keys = requesterKeys(intent, house.manifest, customers);
    await verifyRequest(intent, signedRequest(house, intent, asker.signer, asker.id), keys, NOW);
    await expect(verifyRequest(intent, signedRequest(house, intent), keys, NOW)).rejects.toEqual(
      code('request_not_signed_by_customer'),
    );
    const inAnothersName = signedRequest(house, intent, other.signer, asker.id);
    await expect(verifyRequest(intent, inAnothersName, keys, NOW)).rejects.toEqual(code('signature_wrong'));
    const asOther = signedRequest(house, intent, other.signer, other.id);
    await expect(verifyRequest(intent, asOther, keys, NOW)).rejects.toEqual(
      code('request_not_signed_by_customer'),
    );
  });

  test('cannot be asked for by a customer', () => {
    expect(() => parseIntent({ ...intent, requester: house.customer.id })).toThrow('This is not an intent.');
  });

  test('a withdrawal that names one of staff is still for its customer alone to sign', async () => {
    const moved = { ...withdrawalIntent(house), requester: asker.id };
    const keys = requesterKeys(moved, house.manifest, customers);
    await expect(
      verifyRequest(moved, signedRequest(house, moved, asker.signer, asker.id), keys, NOW),
    ).rejects.toEqual(code('request_not_signed_by_customer'));
  });

  test('is approved by the rule for its kind, never by whoever asked', async () => {
    const { people } = await verifyApprovals(intent, [approval(intent, other)], house.manifest, NOW);
    expect(people).toEqual([other.person]);
    await expect(verifyApprovals(intent, [approval(intent, asker)], house.manifest, NOW)).rejects.toEqual(
      code('approver_is_requester'),
    );
    await expect(verifyApprovals(intent, [], house.manifest, NOW)).rejects.toEqual(
      code('approvals_insufficient'),
    );
  });

  test('to lift a restriction is neither asked for nor approved by whoever imposed it', async () => {
    const own = releaseIntent(house, asker.id, asker.id);
    expect(() => parseIntent(own)).toThrow('does not ask to lift it');
    const ofOther = releaseIntent(house, asker.id, other.id);
    await expect(verifyApprovals(ofOther, [approval(ofOther, other)], house.manifest, NOW)).rejects.toEqual(
      code('approver_is_requester'),
    );
  });

  test('of a kind without a rule is approved by nobody', async () => {
    const silent = { ...house.manifest, controlRules: [] };
    expect(() => ruleFor(intent, silent)).toThrow('lets nobody approve');
    await expect(verifyApprovals(intent, [approval(intent, other)], silent, NOW)).rejects.toEqual(
      code('kind_not_allowed'),
    );
  });

  test('has no place in a bundle to sign', () => {
    const entitled = { intent, request: null, approvals: [] };
    const bundle = { version: 1, wallet: withdrawalIntent(house).body.wallet, intents: [entitled], psbt: '' };
    expect(signingBundleSchema.safeParse(bundle).success).toBe(false);
  });
});
