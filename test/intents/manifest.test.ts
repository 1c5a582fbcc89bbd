import { describe, expect, it } from 'vitest';
import {
  acceptManifest,
  checkManifestCurrent,
  manifestHash,
  parseSignedManifest,
  type Manifest,
} from '../../src/intents/index.ts';
import { at, institution, NOW, signedManifest } from '../fixtures/intents.ts';

const house = institution();
const first = house.manifest;
const second: Manifest = { ...first, number: 2, previousHash: manifestHash(first), issuedAt: at(0) };

function code(expected: string) {
  return expect.objectContaining({ code: expected }) as unknown;
}

describe('the manifest', () => {
  it('is accepted first by its pinned hash, then by a quorum of the officers before', async () => {
    const pin = { pinnedFirstHash: manifestHash(first) };
    expect(await acceptManifest(pin, signedManifest(house, first), 'regtest')).toEqual(first);
    const twoOfThree = signedManifest(house, second, house.officers.slice(1));
    expect(await acceptManifest(first, twoOfThree, 'regtest')).toEqual(second);
  });

  it('is refused with too few officers, or one officer twice', async () => {
    const [alone] = house.officers;
    for (const officers of [[alone!], [alone!, alone!]]) {
      await expect(acceptManifest(first, signedManifest(house, second, officers), 'regtest')).rejects.toEqual(
        code('manifest_not_signed'),
      );
    }
  });

  it('cannot appoint the officers who sign it', async () => {
    const [a, b] = house.approvers;
    const usurped: Manifest = {
      ...second,
      officers: [a!, b!].map(({ id, person, signer }) => ({ id, person, key: signer.publicKey })),
    };
    const signed = signedManifest(house, usurped, [a!, b!]);
    await expect(acceptManifest(first, signed, 'regtest')).rejects.toEqual(code('manifest_not_signed'));
  });

  it('is refused when it was edited, goes back, skips, or forks', async () => {
    const edited = { ...signedManifest(house, second), manifest: { ...second, officerQuorum: 1 } };
    await expect(acceptManifest(first, edited, 'regtest')).rejects.toEqual(code('signature_wrong'));
    await expect(acceptManifest(second, signedManifest(house, first), 'regtest')).rejects.toEqual(
      code('manifest_rolled_back'),
    );
    const skipping = { ...second, number: 3 };
    await expect(acceptManifest(first, signedManifest(house, skipping), 'regtest')).rejects.toEqual(
      code('manifest_rolled_back'),
    );
    const fork = { ...second, previousHash: 'f'.repeat(64) };
    await expect(acceptManifest(first, signedManifest(house, fork), 'regtest')).rejects.toEqual(
      code('manifest_rolled_back'),
    );
    const other = { pinnedFirstHash: 'a'.repeat(64) };
    await expect(acceptManifest(other, signedManifest(house, first), 'regtest')).rejects.toEqual(
      code('manifest_not_signed'),
    );
    await expect(acceptManifest(first, signedManifest(house, second), 'mainnet')).rejects.toEqual(
      code('manifest_wrong_network'),
    );
  });

  it('is in force only between its dates', () => {
    checkManifestCurrent(first, NOW);
    expect(() => checkManifestCurrent(first, Date.parse(first.expiresAt))).toThrow(
      expect.objectContaining({ code: 'manifest_expired' }) as Error,
    );
    expect(() => checkManifestCurrent(first, Date.parse(first.issuedAt) - 3_600_000)).toThrow(
      expect.objectContaining({ code: 'manifest_expired' }) as Error,
    );
  });

  it.each<[string, Partial<Manifest>]>([
    ['a rule that no set of people can meet', { quorumRules: [{ ...first.quorumRules[0]!, approvals: 4 }] }],
    ['rules out of order', { quorumRules: [...first.quorumRules].reverse() }],
    ['an officer twice', { officers: [first.officers[0]!, first.officers[0]!] }],
    ['more signatures than officers', { officerQuorum: 4 }],
    ['a first number with a predecessor', { previousHash: 'a'.repeat(64) }],
    ['no rule at all', { quorumRules: [] }],
    [
      'a machine’s key for a person',
      { approvers: [{ ...first.approvers[0]!, key: house.platform.publicKey }] },
    ],
  ])('is malformed with %s', (_case, change) => {
    const signed = { ...signedManifest(house, first), manifest: { ...first, ...change } };
    expect(() => parseSignedManifest(signed)).toThrow(
      expect.objectContaining({ code: 'manifest_malformed' }) as Error,
    );
  });

  it('has no unknown fields', () => {
    const signed = { ...signedManifest(house, first), extra: true };
    expect(() => parseSignedManifest(signed)).toThrow(
      expect.objectContaining({ code: 'manifest_malformed' }) as Error,
    );
  });
});
