import { expect, test } from 'vitest';
import { countingApprovals, quorumMet } from '../../src/approvals/count-approvals.ts';
import { approval, institution, NOW, withdrawalIntent } from '../fixtures/intents.ts';

const house = institution();
const { manifest } = house;
const [first, second, third] = house.approvers;
const intent = withdrawalIntent(house);
const two = { approvals: 2, roles: ['compliance' as const], localApprovals: 0 };

test('only words that the signer would count are counted', async () => {
  const own = approval(intent, first!);
  const moved = approval(withdrawalIntent(house), second!);
  const counting = await countingApprovals(intent, [own, moved], manifest, NOW);
  expect(counting).toEqual([own]);
  const left = { ...manifest, approvers: manifest.approvers.slice(1) };
  expect(await countingApprovals(intent, [own], left, NOW)).toEqual([]);
});

test('every rule must be met, and the manifest’s own whatever the policy asks for', async () => {
  const one = [approval(intent, first!)];
  expect(await quorumMet(intent, [], manifest, [], NOW)).toBe(false);
  expect(await quorumMet(intent, one, manifest, [], NOW)).toBe(true);
  expect(await quorumMet(intent, one, manifest, [two], NOW)).toBe(false);
  expect(await quorumMet(intent, [...one, approval(intent, third!)], manifest, [two], NOW)).toBe(true);
});

test('what no quorum may approve is refused, not counted', async () => {
  const nobody = { ...manifest, quorumRules: [] };
  await expect(quorumMet(intent, [], nobody, [], NOW)).rejects.toMatchObject({ code: 'limit_exceeded' });
  const moved = approval(withdrawalIntent(house), second!);
  await expect(quorumMet(intent, [moved], manifest, [], NOW)).rejects.toMatchObject({
    code: 'approval_for_another_intent',
  });
});
