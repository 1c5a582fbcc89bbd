import { describe, expect, it } from 'vitest';
import { verifyApprovals, verifyRequest, type Intent, type PublicKey } from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import { approval, at, institution, NOW, signedRequest, withdrawalIntent } from '../fixtures/intents.ts';
import { ed25519Signer, passkeySigner, rsaSigner } from '../fixtures/signing-keys.ts';

const house = institution();
const [first, second, third] = house.approvers as [
  (typeof house.approvers)[number],
  (typeof house.approvers)[number],
  (typeof house.approvers)[number],
];
const pinned = new Map<string, PublicKey>([[house.customer.credential, house.customer.signer.publicKey]]);
const large = {
  payments: [{ address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', satoshis: '50000000' }],
};

function code(expected: string) {
  return expect.objectContaining({ code: expected }) as unknown;
}

describe('the customer’s request', () => {
  it('is accepted with the pinned credential', async () => {
    const intent = withdrawalIntent(house);
    await expect(verifyRequest(intent, signedRequest(house, intent), pinned, NOW)).resolves.toBeUndefined();
  });

  it('is refused when the payee was changed after it was signed', async () => {
    const intent = withdrawalIntent(house);
    const request = signedRequest(house, intent);
    const edited = structuredClone(intent);
    edited.body.payments[0]!.address = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';
    await expect(verifyRequest(edited, request, pinned, NOW)).rejects.toEqual(
      code('approval_for_another_intent'),
    );
    const moved = {
      ...request,
      statement: { ...request.statement, intentHash: signedRequest(house, edited).statement.intentHash },
    };
    await expect(verifyRequest(edited, moved, pinned, NOW)).rejects.toEqual(code('signature_wrong'));
  });

  it('is refused from a credential that is not pinned, even with a right signature', async () => {
    const intent = withdrawalIntent(house);
    await expect(verifyRequest(intent, signedRequest(house, intent), new Map(), NOW)).rejects.toEqual(
      code('request_not_signed_by_customer'),
    );
    const thief = signedRequest(house, intent, rsaSigner('key-6'));
    await expect(verifyRequest(intent, thief, pinned, NOW)).rejects.toEqual(code('signature_wrong'));
  });
});

describe('approvals', () => {
  it('of one person suffice for a small amount, by passkey or key file', async () => {
    const intent = withdrawalIntent(house);
    for (const by of [first, third]) {
      const { people } = await verifyApprovals(intent, [approval(intent, by)], house.manifest, NOW);
      expect(people).toEqual([by.person]);
    }
  });

  it('of two people, one with a key file, are needed for a large one', async () => {
    const intent = withdrawalIntent(house, large);
    const { rule } = await verifyApprovals(
      intent,
      [approval(intent, first), approval(intent, third)],
      house.manifest,
      NOW,
    );
    expect(rule.approvals).toBe(2);
    for (const given of [[], [first], [third], [first, second], [third, third]]) {
      const approvals = given.map((by) => approval(intent, by));
      await expect(verifyApprovals(intent, approvals, house.manifest, NOW)).rejects.toEqual(
        code('approvals_insufficient'),
      );
    }
  });

  it('of one person with two entries count once', async () => {
    const intent = withdrawalIntent(house, large);
    const twin = { ...third, id: newId('staff') };
    const approvers = [...house.manifest.approvers, { ...house.manifest.approvers[2]!, id: twin.id }];
    const both = [approval(intent, third), approval(intent, twin)];
    await expect(verifyApprovals(intent, both, { ...house.manifest, approvers }, NOW)).rejects.toEqual(
      code('approvals_insufficient'),
    );
  });

  it('never come from the requester, nor from a second account of the same person', async () => {
    const intent = withdrawalIntent(house);
    const [entry, ...others] = house.manifest.approvers;
    const own = { ...entry!, customer: house.customer.id };
    const sibling = { ...others[1]!, person: own.person };
    const manifest = { ...house.manifest, approvers: [own, others[0]!, sibling] };
    for (const by of [first, third]) {
      await expect(verifyApprovals(intent, [approval(intent, by)], manifest, NOW)).rejects.toEqual(
        code('approver_is_requester'),
      );
    }
    await expect(verifyApprovals(intent, [approval(intent, second)], manifest, NOW)).resolves.toBeDefined();
  });

  it('stop at one rejection, which must say why', async () => {
    const intent = withdrawalIntent(house);
    const rejection = approval(intent, second, { decision: 'reject', reason: 'the payee is not known' });
    const approvals = [approval(intent, first), rejection];
    await expect(verifyApprovals(intent, approvals, house.manifest, NOW)).rejects.toEqual(
      code('approval_rejected'),
    );
    const mute = approval(intent, second, { decision: 'reject' });
    await expect(verifyApprovals(intent, [mute], house.manifest, NOW)).rejects.toEqual(
      code('approval_malformed'),
    );
  });

  it('cannot be replayed for another intent, nor have their decision turned', async () => {
    const [intent, other] = [withdrawalIntent(house), withdrawalIntent(house)];
    const given = approval(intent, first);
    await expect(verifyApprovals(other, [given], house.manifest, NOW)).rejects.toEqual(
      code('approval_for_another_intent'),
    );
    const rejection = approval(intent, first, { decision: 'reject', reason: 'no' });
    const turned = { ...rejection, statement: { ...rejection.statement, decision: 'approve' as const } };
    await expect(verifyApprovals(intent, [turned], house.manifest, NOW)).rejects.toEqual(
      code('signature_wrong'),
    );
  });

  it('count only from approvers of the manifest, with the key that it names', async () => {
    const intent = withdrawalIntent(house);
    const stranger = { id: newId('staff'), signer: passkeySigner() };
    await expect(verifyApprovals(intent, [approval(intent, stranger)], house.manifest, NOW)).rejects.toEqual(
      code('approver_unknown'),
    );
    const swapped = { id: first.id, signer: passkeySigner() };
    await expect(verifyApprovals(intent, [approval(intent, swapped)], house.manifest, NOW)).rejects.toEqual(
      code('signature_wrong'),
    );
  });

  it.each([
    ['before the intent was made', at(-20)],
    ['after it expired', at(60 * 24)],
    ['in the future', at(30)],
  ])('signed %s are refused', async (_case, signedAt) => {
    const intent = withdrawalIntent(house);
    await expect(
      verifyApprovals(intent, [approval(intent, first, { signedAt })], house.manifest, NOW),
    ).rejects.toEqual(code('approval_out_of_time'));
  });

  it.each([
    ['without user verification', { userVerified: false }],
    ['on a page of another origin', { origin: 'https://tri1ock.example' }],
    ['for another relying party', { rpId: 'tri1ock.example' }],
    ['while registering', { type: 'webauthn.create' }],
  ])('by a passkey used %s are refused', async (_case, options) => {
    const signer = passkeySigner(options);
    const approvers = [{ ...house.manifest.approvers[0]!, key: signer.publicKey }];
    const intent = withdrawalIntent(house);
    await expect(
      verifyApprovals(
        intent,
        [approval(intent, { id: first.id, signer })],
        { ...house.manifest, approvers },
        NOW,
      ),
    ).rejects.toEqual(code('signature_wrong'));
  });

  it('by a weak key, or with a signature of another kind, are refused', async () => {
    const intent = withdrawalIntent(house);
    const weak = rsaSigner('weak-2048');
    const approvers = [{ ...house.manifest.approvers[0]!, key: weak.publicKey }];
    await expect(
      verifyApprovals(
        intent,
        [approval(intent, { id: first.id, signer: weak })],
        { ...house.manifest, approvers },
        NOW,
      ),
    ).rejects.toEqual(code('signature_key_refused'));
    await expect(
      verifyApprovals(
        intent,
        [approval(intent, { id: first.id, signer: ed25519Signer() })],
        house.manifest,
        NOW,
      ),
    ).rejects.toEqual(code('signature_wrong'));
  });

  it('cannot reach beyond the last rule', async () => {
    const huge: Partial<Intent['body']> = { maxFeeSatoshis: '100000001' };
    const intent = withdrawalIntent(house, huge);
    await expect(verifyApprovals(intent, [], house.manifest, NOW)).rejects.toEqual(code('limit_exceeded'));
  });
});
