import { describe, expect, it } from 'vitest';
import { newId } from '../../src/shared/index.ts';
import type { Manifest, PolicyEvidence } from '../../src/intents/index.ts';
import { DEFAULT_DOCUMENT } from '../../src/policy/default-document.ts';
import { policyHash } from '../../src/policy/document.ts';
import { verifyPolicies } from '../../src/policy/index.ts';
import type { PolicyDocument } from '../../src/policy/policy-document-contract.ts';
import { approval, at, institution, NOW, signedRequest } from '../fixtures/intents.ts';

const house = institution();
const [proposer, ...others] = house.approvers;

/** Nothing leaves: tighter than whatever was before. */
const tighter: PolicyDocument = {
  ...DEFAULT_DOCUMENT,
  title: 'Nothing leaves',
  rules: [{ name: 'stop', because: 'Not today.', when: {}, then: { outcome: 'deny' } }],
};
const looser: PolicyDocument = { ...DEFAULT_DOCUMENT, title: 'Open again' };

type Change = NonNullable<PolicyEvidence['change']>;

function changeTo(
  document: PolicyDocument,
  replaces: number,
  before: PolicyDocument,
  approvers = others.slice(0, 1),
): Change {
  const intent: Change['intent'] = {
    version: 1,
    kind: 'policy_change',
    id: newId('intent'),
    network: 'regtest',
    createdAt: at(-10),
    expiresAt: at(60 * 24),
    nonce: '00112233445566778899aabbccddeeff',
    policyVersion: replaces,
    requester: proposer!.id,
    body: {
      draft: newId('policy'),
      policyHash: policyHash(document),
      replaces,
      replacesHash: policyHash(before),
      loosens: ['It opens.'],
      reason: 'The exercise is over.',
    },
  };
  return {
    intent,
    request: signedRequest(house, intent, proposer!.signer, proposer!.id),
    approvals: approvers.map((by) => approval(intent, by)),
  };
}

const entry = (number: number, document: PolicyDocument, change: Change | null = null): PolicyEvidence => ({
  number,
  document: JSON.parse(JSON.stringify(document)) as PolicyEvidence['document'],
  change,
});

const first = entry(1, DEFAULT_DOCUMENT);
const second = entry(2, tighter);
const third = entry(3, looser, changeTo(looser, 2, tighter));

const verify = (policies: readonly PolicyEvidence[], manifests: readonly Manifest[] = [house.manifest]) =>
  verifyPolicies(policies, { manifests, nowMs: NOW });

/** Why it is refused, in words; nothing when it holds. */
async function refusal(
  policies: readonly PolicyEvidence[],
  manifests?: readonly Manifest[],
): Promise<string | undefined> {
  try {
    await verify(policies, manifests);
    return undefined;
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'evidence_policy_wrong' });
    return (thrown as Error).message;
  }
}

describe('how versions of the policy came into force', () => {
  it('is shown from the one that is built in: by being tighter, or by people’s word', async () => {
    const found = await verify([first, second, third]);
    expect(found.map(({ origin }) => origin)).toEqual([
      { kind: 'built_in' },
      { kind: 'tighter' },
      { kind: 'approved', people: [others[0]!.person] },
    ]);
    expect(await refusal([third])).toBeUndefined();
    expect(await refusal([third, entry(4, tighter)])).toBeUndefined();
  });

  it('is not shown for a well-formed version that only a database has', async () => {
    expect(await refusal([first, second, entry(3, looser)])).toContain('Nobody approved version 3');
    expect(await refusal([second])).toContain('is missing');
    expect(await refusal([first, entry(3, tighter)])).toContain('is missing');
    expect(await refusal([entry(1, looser)])).toContain('not the one that is built in');
  });

  it.each<[what: string, change: Change | null]>([
    ['for another text', changeTo(tighter, 2, tighter)],
    ['for another number', changeTo(looser, 1, tighter)],
    ['on top of another version', changeTo(looser, 2, looser)],
    ['by nobody', changeTo(looser, 2, tighter, [])],
    ['by whoever proposed it', changeTo(looser, 2, tighter, [proposer!])],
    ['without the proposer’s signature', { ...changeTo(looser, 2, tighter), request: null }],
  ])('is not shown by an approval %s', async (_what, change) => {
    expect(await refusal([first, second, { ...third, change }])).toMatch(/./);
  });

  it('counts by a manifest of that time', async () => {
    const stranger = institution().manifest;
    expect(await refusal([third], [stranger])).toContain('Too few people approved');
    expect(await refusal([third], [])).toContain('Too few people approved');
    const gone = { ...house.manifest, number: 2, approvers: house.manifest.approvers.slice(0, 1) };
    expect(await refusal([third], [house.manifest, gone])).toBeUndefined();
  });

  it('is not believed of what was signed later than the transaction was checked', async () => {
    await expect(
      verifyPolicies([third], { manifests: [house.manifest], nowMs: NOW - 3_600_000 }),
    ).rejects.toMatchObject({ code: 'evidence_policy_wrong', details: { because: 'approval_out_of_time' } });
  });
});
