import { describe, expect, it } from 'vitest';
import { walletDescriptor } from '../../src/bitcoin/index.ts';
import {
  parseKeyAttestation,
  parseWalletRegistration,
  verifyKeyAttestation,
  verifyRegistrationReceipt,
  verifyWalletRegistration,
  type WalletPlan,
  type WalletRegistration,
} from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import {
  attestedKey,
  custody,
  receiptOf,
  registeredWallet,
  registrationOf,
  type AttestedKey,
} from '../fixtures/custody.ts';
import { ed25519Signer, passkeySigner, rsaSigner } from '../fixtures/signing-keys.ts';

const house = custody();
const { attesters, manifest } = house;
const [customer, neighbour] = house.customers;
const thief = ed25519Signer();
const wallet = registeredWallet(house, 'vault');
const [backup, cold, platform] = wallet.keys as [AttestedKey, AttestedKey, AttestedKey];

async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

const registrationRefusal = (registration: WalletRegistration): Promise<string> =>
  outcome(() => verifyWalletRegistration(parseWalletRegistration(registration), manifest));

describe('a wallet’s registration', () => {
  it.each<WalletPlan>(['custodial', 'collaborative', 'self_custody'])(
    'is accepted for the plan %s',
    async (plan) => {
      const { registration, descriptor } = registeredWallet(house, plan, { plan });
      expect((await verifyWalletRegistration(registration, manifest)).text).toBe(descriptor.text);
    },
  );

  it.each<WalletPlan>(['custodial', 'treasury_hot', 'treasury_cold'])(
    'is accepted without a customer for the plan %s',
    async (plan) => {
      const { registration } = registeredWallet(house, `own ${plan}`, { plan, customer: null });
      expect(await registrationRefusal(registration)).toBe('accepted');
    },
  );

  it('is refused with two keys of the attacker, however they are attested', async () => {
    // A compromised API opens a wallet of which it holds two keys of three.
    const attacker = (role: 'cold' | 'backup') => attestedKey(`attacker ${role}`, role, thief);
    const keys = [attacker('backup'), attacker('cold'), platform];
    expect(await registrationRefusal(registrationOf('custodial', customer, keys))).toBe(
      'key_attested_by_stranger',
    );
    // Claiming the station's key without its signature does not help.
    const claimed = keys.map((key) => ({
      ...key,
      attestation: {
        ...key.attestation,
        attestedBy: attesters[key.attestation.statement.role as 'cold'].publicKey,
      },
    }));
    expect(await registrationRefusal(registrationOf('custodial', customer, claimed))).toBe('signature_wrong');
    // Nor do honest attestations beside a descriptor of other keys.
    const { descriptor } = registrationOf('custodial', customer, keys);
    expect(await registrationRefusal({ ...wallet.registration, descriptor })).toBe(
      'registration_keys_differ',
    );
  });

  it('is refused when one machine attests for the role of another', async () => {
    const usurped = attestedKey('usurped', 'backup', attesters.cold);
    expect(await registrationRefusal(registrationOf('custodial', customer, [usurped, cold, platform]))).toBe(
      'key_attested_by_stranger',
    );
  });

  it('is refused when roles are swapped or doubled', async () => {
    const second = attestedKey('second cold', 'cold', attesters.cold);
    expect(await registrationRefusal(registrationOf('custodial', customer, [second, cold, platform]))).toBe(
      'registration_keys_differ',
    );
    expect(await registrationRefusal({ ...wallet.registration, plan: 'collaborative' })).toBe(
      'registration_keys_differ',
    );
    // A cold key passed off as the backup key: its attestation and its proof of possession name the role.
    const role = 'backup' as const;
    const renamed = {
      ...cold,
      attestation: { ...cold.attestation, statement: { ...cold.attestation.statement, role } },
    };
    expect(
      await registrationRefusal(
        registrationOf('custodial', customer, [
          renamed,
          attestedKey('other', 'cold', attesters.cold),
          platform,
        ]),
      ),
    ).toBe('key_attested_by_stranger');
  });

  it('is refused on another network', async () => {
    const foreign = attestedKey('foreign', 'cold', attesters.cold, 'mainnet');
    const registration = {
      ...wallet.registration,
      keys: [backup, foreign, platform].map(({ attestation }) => attestation),
    };
    expect(await registrationRefusal(registration)).toBe('key_of_another_network');
    expect(await registrationRefusal({ ...wallet.registration, network: 'mainnet' })).toBe(
      'key_of_another_network',
    );
  });

  it('is refused with another threshold, order or checksum', async () => {
    const keys = wallet.keys.map(({ accountKey }) => accountKey);
    const one = walletDescriptor({ network: 'regtest', threshold: 1, keys }).text;
    expect(await registrationRefusal({ ...wallet.registration, descriptor: one })).toBe(
      'registration_keys_differ',
    );
    const turned = walletDescriptor({ network: 'regtest', keys: [...keys].reverse() }).text;
    expect(await registrationRefusal({ ...wallet.registration, descriptor: turned })).toBe(
      'registration_keys_differ',
    );
    const spoiled = wallet.registration.descriptor.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'));
    expect(await registrationRefusal({ ...wallet.registration, descriptor: spoiled })).not.toBe('accepted');
  });

  it('is refused when customer and plan do not fit', async () => {
    const treasury = registeredWallet(house, 'hot', { plan: 'treasury_hot', customer: null }).registration;
    expect(await registrationRefusal({ ...treasury, customer: customer.id })).toBe(
      'registration_keys_differ',
    );
    const credentials = [{ id: customer.credential, publicKey: customer.signer.publicKey }];
    expect(await registrationRefusal({ ...treasury, credentials })).toBe('registration_keys_differ');
  });

  it('is refused when a customer’s key is attested by somebody else’s credential', async () => {
    const { registration } = registeredWallet(house, 'shared', { plan: 'collaborative' });
    const credentials = [{ id: neighbour.credential, publicKey: neighbour.signer.publicKey }];
    expect(await registrationRefusal({ ...registration, credentials })).toBe('key_attested_by_stranger');
    expect(await registrationRefusal({ ...registration, credentials: [] })).toBe('key_attested_by_stranger');
  });

  it('is refused when a key is listed twice', async () => {
    const keys = [attestedKey('vault cold 1', 'backup', attesters.backup), cold, platform];
    const registration = { ...wallet.registration, keys: keys.map(({ attestation }) => attestation) };
    expect(await registrationRefusal(registration)).toBe('descriptor_key_duplicate');
  });

  it('is refused when malformed', async () => {
    for (const change of [
      { version: 2 },
      { extra: true },
      { keys: wallet.registration.keys.slice(1) },
      { wallet: 'x' },
    ]) {
      const registration = { ...wallet.registration, ...change } as WalletRegistration;
      expect(await registrationRefusal(registration)).toBe('registration_malformed');
    }
  });
});

describe('a key’s attestation', () => {
  const trusted = [attesters.cold.publicKey];
  const refusal = (
    change: object,
    keys = trusted,
    network: 'regtest' | 'mainnet' = 'regtest',
  ): Promise<string> =>
    outcome(() =>
      verifyKeyAttestation(parseKeyAttestation({ ...cold.attestation, ...change }), keys, network),
    );

  it('is accepted as the station made it, and gives the key', async () => {
    const { origin, xpub } = await verifyKeyAttestation(cold.attestation, trusted, 'regtest');
    expect(xpub.text).toBe(cold.accountKey.xpub.text);
    expect(origin).toEqual(cold.accountKey.origin);
  });

  it('is refused for a network or an attester that is not the expected one', async () => {
    expect(await refusal({}, trusted, 'mainnet')).toBe('key_of_another_network');
    expect(await refusal({}, [attesters.backup.publicKey])).toBe('key_attested_by_stranger');
    expect(await refusal({}, [])).toBe('key_attested_by_stranger');
  });

  it('is refused when any word of the statement differs from what was signed', async () => {
    const { statement } = cold.attestation;
    for (const change of [
      { role: 'backup' as const },
      { xpub: backup.accountKey.xpub.text },
      { origin: backup.attestation.statement.origin },
      { origin: statement.origin.replace('/0h/2h]', '/1h/2h]') },
      { source: 'another station' },
    ]) {
      expect(await refusal({ statement: { ...statement, ...change } })).toMatch(
        /possession_proof_invalid|key_origin/,
      );
    }
  });

  it('is refused at a path that is not for this kind of wallet', async () => {
    const { statement } = cold.attestation;
    const origin = statement.origin.replace('/2h]', '/1h]');
    expect(await refusal({ statement: { ...statement, origin } })).toBe('derivation_path_unsupported');
    const coin = statement.origin.replace('48h/1h', '48h/0h');
    expect(await refusal({ statement: { ...statement, origin: coin } })).toBe('derivation_path_unsupported');
  });

  it('is refused without the key’s own proof, or with another key’s signature', async () => {
    expect(await refusal({ possession: backup.attestation.possession })).toBe('possession_proof_invalid');
    expect(await refusal({ possession: '0'.repeat(128) })).toBe('possession_proof_invalid');
    expect(await refusal({ signature: backup.attestation.signature })).toBe('signature_wrong');
  });

  it('may be signed by a customer’s key file or passkey', async () => {
    for (const signer of [rsaSigner('key-1'), passkeySigner()]) {
      const own = attestedKey('own', 'customer', signer);
      await verifyKeyAttestation(own.attestation, [signer.publicKey], 'regtest');
      expect(await outcome(() => verifyKeyAttestation(own.attestation, trusted, 'regtest'))).toBe(
        'key_attested_by_stranger',
      );
    }
  });

  it('is refused when malformed', async () => {
    for (const change of [{ possession: 'x' }, { extra: 1 }, { attestedBy: null }]) {
      expect(await refusal(change)).toBe('key_attestation_malformed');
    }
  });
});

describe('the signer’s receipt', () => {
  it('is for one registration, from a signer of the manifest', async () => {
    const { receipt, registration, descriptor } = wallet;
    await verifyRegistrationReceipt(receipt, registration, manifest);
    const refusal = (given: typeof receipt, of = registration): Promise<string> =>
      outcome(() => verifyRegistrationReceipt(given, of, manifest));
    expect(await refusal(receipt, { ...registration, credentials: [] })).toBe(
      'receipt_for_another_registration',
    );
    expect(await refusal(receipt, { ...registration, wallet: newId('wallet') })).toBe(
      'receipt_for_another_registration',
    );
    const forged = receiptOf(
      { manifest, attesters: { ...attesters, platform: thief } },
      registration,
      descriptor,
    );
    expect(await refusal(forged)).toBe('receipt_signed_by_stranger');
    expect(await refusal({ ...forged, attestedBy: attesters.platform.publicKey })).toBe('signature_wrong');
  });
});
