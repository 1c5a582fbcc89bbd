import { describe, expect, it } from 'vitest';
import { deriveAddress, parseDescriptor, parseExtendedPublicKey } from '../../src/bitcoin/index.ts';
import { WALLET_PLANS } from '../../src/intents/index.ts';
import { readKit, type RecoveryKit } from '../../src/recovery/index.ts';
import { kitChecksum } from '../../src/recovery/make-kit.ts';
import { custody } from '../fixtures/custody.ts';
import { kitOf, readBack } from './kit-fixtures.ts';

/** As somebody would who knows how checksums are made. */
function forged(kit: RecoveryKit, change: Partial<RecoveryKit>): unknown {
  const { checksum: _, ...content } = { ...kit, ...change };
  return { ...content, checksum: kitChecksum(content) };
}

describe('a recovery kit', () => {
  it.each(WALLET_PLANS)('of the plan %s says how to get at the coins and is read back', async (plan) => {
    const scene = kitOf(plan);
    const { kit, descriptor, keyNames } = await readBack(scene);
    expect(descriptor.text).toBe(scene.wallet.descriptor.text);
    expect(kit.firstAddresses.receive[0]!.address).toBe(deriveAddress(descriptor, 'receive', 0).address);
    expect(kit.firstAddresses.change[4]!.address).toBe(deriveAddress(descriptor, 'change', 4).address);
    expect(keyNames).toHaveLength(3);
    for (const { keys } of kit.recoverableBy) {
      const roles = kit.keys.map(({ role }) => role as string);
      for (const role of keys) expect(roles.splice(roles.indexOf(role), 1)).toEqual([role]);
    }
    for (const key of kit.keys) {
      expect(key.howObtained.length).toBeGreaterThan(20);
      expect(key.wrappedCopy === null).toBe(key.role === 'customer');
      expect(key.slip132).toMatch(/^Vpub/);
      expect(parseExtendedPublicKey(key.slip132, 'regtest').text).toBe(key.xpub);
    }
    for (const guide of kit.guides) {
      const names = kit.importFiles.map(({ name }) => name);
      for (const file of guide.files) expect(names).toContain(file);
    }
  });

  it('gives each program the file that it imports', async () => {
    const { kit } = await readBack(
      kitOf('custodial', 'files', { birthTime: new Date('2026-06-01T12:00:00Z') }),
    );
    const file = (name: string): string => kit.importFiles.find((entry) => entry.name === name)!.content;
    const [first] = kit.keys;
    const core = JSON.parse(file('bitcoin-core.json')) as Record<string, unknown>[];
    expect(core.map(({ desc, internal }) => [desc, internal])).toEqual([
      [kit.receiveDescriptor, false],
      [kit.changeDescriptor, true],
    ]);
    expect(core[0]!['timestamp']).toBe(Date.parse('2026-05-31T12:00:00Z') / 1000);
    const coldcard = file('coldcard-multisig.txt').split('\n');
    expect(coldcard).toContain('Policy: 2 of 3');
    expect(coldcard).toContain('Format: P2WSH');
    expect(coldcard).toContain(`Derivation: ${first!.path.replaceAll('h', "'")}`);
    expect(coldcard).toContain(`${first!.fingerprint.toUpperCase()}: ${first!.xpub}`);
    expect(coldcard.find((line) => line.startsWith('Name: '))!.length).toBeLessThanOrEqual(
      'Name: '.length + 20,
    );
    const electrum = JSON.parse(file('electrum-wallet.json')) as Record<string, Record<string, unknown>>;
    expect(electrum['wallet_type']).toBe('2of3');
    expect(electrum['x1/']).toMatchObject({ xpub: first!.slip132, root_fingerprint: first!.fingerprint });
    const policy = JSON.parse(file('wallet-policy.json')) as Record<string, unknown>;
    expect(policy['descriptor_template']).toBe('wsh(sortedmulti(2,@0/**,@1/**,@2/**))');
    const bsms = file('wallet.bsms').split('\n');
    expect([bsms[0], bsms[2], bsms[3]]).toEqual([
      'BSMS 1.0',
      '/0/*,/1/*',
      kit.firstAddresses.receive[0]!.address,
    ]);
    const expanded = bsms[1]!.replaceAll('/**', '/0/*').replaceAll("'", 'h');
    expect(kit.receiveDescriptor.startsWith(`${expanded}#`)).toBe(true);
  });

  it.each([
    ['a digit of an address', 'kit_checksum_wrong', (kit: RecoveryKit) => ({ ...kit, label: 'Other' })],
    [
      'an address with a checksum made anew',
      'kit_contradicts_itself',
      (kit: RecoveryKit) =>
        forged(kit, {
          firstAddresses: {
            ...kit.firstAddresses,
            receive: [{ index: 0, address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080' }],
          },
        }),
    ],
    [
      'the descriptor of another wallet',
      'kit_contradicts_itself',
      (kit: RecoveryKit) => forged(kit, { descriptor: kitOf('custodial', 'thief').kit.descriptor }),
    ],
    [
      'an import file of another wallet',
      'kit_contradicts_itself',
      (kit: RecoveryKit) => forged(kit, { importFiles: kitOf('custodial', 'thief').kit.importFiles }),
    ],
    [
      'a key of another wallet',
      'kit_contradicts_itself',
      (kit: RecoveryKit) => forged(kit, { keys: kitOf('custodial', 'thief').kit.keys }),
    ],
    ['a later version', 'kit_version_unknown', (kit: RecoveryKit) => ({ ...kit, version: 2 })],
    ['a part too many', 'kit_malformed', (kit: RecoveryKit) => ({ ...kit, note: 'pay me' })],
    ['no kit at all', 'kit_malformed', () => [1, 2]],
  ])('with %s is refused', async (_what, code, change) => {
    const { kit } = kitOf('custodial', 'refused');
    await expect(readKit(JSON.parse(JSON.stringify(change(kit))))).rejects.toMatchObject({ code });
  });

  it('with a descriptor checksum that does not fit is refused', async () => {
    const { kit } = kitOf('custodial', 'refused');
    const descriptor = `${kit.descriptor.slice(0, -1)}${kit.descriptor.endsWith('q') ? 'p' : 'q'}`;
    await expect(readKit(forged(kit, { descriptor }))).rejects.toMatchObject({
      code: 'descriptor_checksum_mismatch',
    });
  });

  it('that was forged as a whole is refused by the manifest', async () => {
    const { kit } = kitOf('custodial', 'forged');
    await expect(readKit(kit)).resolves.toBeDefined();
    await expect(readKit(kit, custody().manifest)).rejects.toMatchObject({
      code: 'key_attested_by_stranger',
    });
  });

  it('whose attestation was given another signature is refused', async () => {
    const { kit } = kitOf('custodial', 'refused');
    const registration = structuredClone(kit.registration);
    registration.keys[0]!.signature = registration.keys[1]!.signature;
    await expect(readKit(forged(kit, { registration }))).rejects.toMatchObject({ code: 'signature_wrong' });
  });

  it('keeps the same addresses as the descriptor that a stranger would parse', async () => {
    const { kit } = await readBack(kitOf('collaborative'));
    const parsed = parseDescriptor(kit.descriptor, 'regtest');
    for (const { index, address } of kit.firstAddresses.receive) {
      expect(deriveAddress(parsed, 'receive', index).address).toBe(address);
    }
  });
});
