import { createPublicKey } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  completeSpend,
  parseDescriptor,
  parsePsbtBase64,
  psbtToBase64,
  signPsbt,
} from '../../src/bitcoin/index.ts';
import {
  abandonmentDigest,
  credentialPinDigest,
  manifestHash,
  verifyKeyAttestation,
  type Abandonment,
  type CredentialPin,
  type Manifest,
  type SigningBundle,
} from '../../src/intents/index.ts';
import { keyIdOf, parseMasterPublicKey } from '../../src/keyring/index.ts';
import { formatBitcoin, newId, type CustomerId } from '../../src/shared/index.ts';
import {
  checkBundle,
  confirmationDigits,
  generateKeys,
  initStation,
  inspectBundle,
  loadManifest,
  manifestInForce,
  openStation,
  parseCredentialPin,
  parseRegistrationFile,
  pinCredential,
  registerWallet,
  requireConfirmation,
  requireSignable,
  signBundle,
  unlockStation,
  type Station,
} from '../../src/station/index.ts';
import {
  attestedKey,
  builtPayout,
  bundleOf,
  payoutIntent,
  receiptOf,
  registeredWallet,
  registrationOf,
  requestBy,
  walletCoins,
  type TestWallet,
} from '../fixtures/custody.ts';
import { at, NOW, signedManifest } from '../fixtures/intents.ts';
import { fixtureMasters } from '../fixtures/masters.ts';
import { passkeySigner, rsaPem } from '../fixtures/signing-keys.ts';
import {
  mastersOf,
  newStation,
  PASSPHRASE,
  publicPem,
  stationHouse,
  temporaryRoot,
  type StationHouse,
} from './offices.ts';

let root: string;
let all: StationHouse;
let wallet: TestWallet;

async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

async function sign(bundle: SigningBundle, masters = mastersOf('cold')): Promise<SigningBundle> {
  const { station } = all;
  const signable = await requireSignable(station, await checkBundle(station, bundle, NOW), { nowMs: NOW });
  return signBundle(station, signable, masters);
}

beforeAll(async () => {
  root = await temporaryRoot();
  all = await stationHouse(root);
  wallet = registeredWallet(all.house, 'vault', { keys: { cold: all.keys[0]! } });
  await registerWallet(all.station, wallet);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a station', () => {
  it('comes back as it was made', async () => {
    expect(await openStation(all.station.directory)).toEqual(all.station);
    expect(all.station.role).toBe('cold');
  });

  it('is made once, whole or not at all', async () => {
    const wishes = {
      role: 'cold' as const,
      name: 'again',
      network: 'regtest' as const,
      masters: { inner: publicPem('key-1'), outer: publicPem('key-2') },
      sites: all.station.sites,
      passphrase: PASSPHRASE,
    };
    expect(await refusalOf(() => initStation(all.station.directory, wishes))).toBe('station_exists');
    const place = join(root, 'never');
    const refused = [
      ['sites_too_few', { sites: [all.station.sites[0]!, `${all.station.sites[0]!}/.`] }],
      ['file_missing', { sites: [all.station.sites[0]!, join(root, 'nowhere')] }],
      ['masters_not_distinct', { masters: { inner: publicPem('key-1'), outer: publicPem('key-1') } }],
      ['master_key_refused', { masters: { inner: publicPem('key-1'), outer: publicWeak() } }],
      ['passphrase_weak', { passphrase: Buffer.from('short') }],
      ['station_damaged', { name: '' }],
    ] as const;
    for (const [code, change] of refused) {
      expect(await refusalOf(() => initStation(place, { ...wishes, ...change }))).toBe(code);
    }
    expect((await readdir(root)).filter((name) => name.includes('never'))).toEqual([]);
  });

  it('attests only with its own key and passphrase', async () => {
    expect(await refusalOf(() => unlockStation(all.station, Buffer.from('another passphrase')))).toBe(
      'passphrase_wrong',
    );
    const other = await newStation(root, 'cold');
    await rm(join(other.directory, 'attestation-key.pem'));
    await writeFile(
      join(other.directory, 'attestation-key.pem'),
      await readFile(join(all.station.directory, 'attestation-key.pem')),
    );
    expect(await refusalOf(() => unlockStation(other, PASSPHRASE))).toBe('attestation_key_differs');
  });
});

/** A copy of a station that trusts another first manifest. */
async function stationLike(station: Station, manifest: Manifest): Promise<Station> {
  const directory = join(await temporaryRoot(), 'station');
  await cp(station.directory, directory, { recursive: true });
  for (const name of ['manifests', 'wallets', 'used-keys', 'customers', 'first-manifest.json']) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
  const copy = { ...station, directory };
  await loadManifest(copy, signedManifest(all.house.house, manifest), manifestHash(manifest));
  return copy;
}

function publicWeak(): string {
  return createPublicKey(rsaPem('weak-2048')).export({ format: 'pem', type: 'spki' }).toString();
}

describe('a pool', () => {
  it('holds attested keys at BIP48 paths, each wrapped at both sites', async () => {
    expect(all.keys).toHaveLength(4);
    const envelopes = await Promise.all(all.station.sites.map((site) => readdir(site)));
    expect(envelopes[0]).toEqual(envelopes[1]);
    expect(envelopes[0]!.filter((name) => name.endsWith('.envelope'))).toHaveLength(4);
    const trusted = [all.station.attestationKey];
    for (const { attestation } of all.keys) {
      await verifyKeyAttestation(attestation, trusted, 'regtest');
      expect(attestation.statement).toMatchObject({ role: 'cold', source: 'cold station' });
    }
    const xpubs = new Set(all.keys.map(({ attestation }) => attestation.statement.xpub));
    expect(xpubs.size).toBe(4);
  });

  it('goes on where it was interrupted, and is never overfilled', async () => {
    const station = await newStation(root, 'backup');
    const attestationKey = await unlockStation(station, PASSPHRASE);
    const progress: number[] = [];
    const stop = new Error('the power failed');
    const interrupted = generateKeys(station, {
      pool: 'first',
      count: 5,
      attestationKey,
      onKey: (done) => {
        progress.push(done);
        if (done === 2) throw stop;
      },
    });
    await expect(interrupted).rejects.toBe(stop);
    // A key that was wrapped but not counted, and a file half-written, as a kill leaves them.
    await writeFile(join(station.sites[0]!, `${'0'.repeat(32)}.envelope`), 'x');
    await writeFile(join(station.directory, 'pools/first/.abc.json.123.new'), '{');
    const keys = await generateKeys(station, {
      pool: 'first',
      count: 5,
      attestationKey,
      onKey: (done) => progress.push(done),
    });
    expect(progress).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(keys.map(({ statement }) => statement.xpub)).size).toBe(5);
    expect(await generateKeys(station, { pool: 'first', count: 5, attestationKey })).toEqual(keys);
    expect(await refusalOf(() => generateKeys(station, { pool: 'first', count: 4, attestationKey }))).toBe(
      'pool_full',
    );
    expect(await refusalOf(() => generateKeys(station, { pool: '../x', count: 4, attestationKey }))).toBe(
      'pool_name_invalid',
    );
  });

  it('is refused at a site of the other role', async () => {
    const station = await newStation(root, 'backup');
    const attestationKey = await unlockStation(station, PASSPHRASE);
    const beside = { ...station, sites: all.station.sites };
    expect(await refusalOf(() => generateKeys(beside, { pool: 'first', count: 1, attestationKey }))).toBe(
      'site_of_another_station',
    );
  });

  it('is refused when a site is gone, is a file, or cannot be written', async () => {
    const station = await newStation(root, 'cold');
    const attestationKey = await unlockStation(station, PASSPHRASE);
    const wishes = { pool: 'first', count: 1, attestationKey };
    await rm(station.sites[1]!, { recursive: true });
    expect(await refusalOf(() => generateKeys(station, wishes))).toBe('file_missing');
    await writeFile(station.sites[1]!, '');
    expect(await refusalOf(() => generateKeys(station, wishes))).toBe('file_not_regular');
    await rm(station.sites[1]!);
    await symlink(station.sites[0]!, station.sites[1]!);
    expect(await refusalOf(() => generateKeys(station, wishes))).toBe('sites_too_few');
    await rm(station.sites[1]!);
    await mkdir(station.sites[1]!, { mode: 0o500 });
    if (process.getuid?.() !== 0) {
      expect(await refusalOf(() => generateKeys(station, wishes))).toBe('file_inaccessible');
    }
    await chmod(station.sites[1]!, 0o700);
  });
});

describe('manifests', () => {
  it('are followed from the pinned first one, and never back', async () => {
    const station = await newStation(root, 'cold');
    const { house } = all;
    const first = signedManifest(house.house, house.manifest);
    expect(await refusalOf(() => manifestInForce(station))).toBe('manifest_missing');
    expect(await refusalOf(() => loadManifest(station, first))).toBe('manifest_hash_missing');
    expect(await refusalOf(() => loadManifest(station, first, 'f'.repeat(64)))).toBe('manifest_not_signed');
    await loadManifest(station, first, manifestHash(house.manifest));
    const second = {
      ...house.manifest,
      number: 2,
      previousHash: manifestHash(house.manifest),
      issuedAt: at(-1),
    };
    const appointed = signedManifest(house.house, second, [house.house.officers[0]!]);
    expect(await refusalOf(() => loadManifest(station, appointed))).toBe('manifest_not_signed');
    await loadManifest(station, signedManifest(house.house, second));
    expect((await manifestInForce(station)).number).toBe(2);
    expect(await refusalOf(() => loadManifest(station, first))).toBe('manifest_rolled_back');
    // A manifest put in its place on the disk is found out.
    const forged = { ...first, manifest: { ...first.manifest, officerQuorum: 1 } };
    await writeFile(join(station.directory, 'manifests/000001.json'), JSON.stringify(forged));
    expect(await refusalOf(() => manifestInForce(station))).toBe('manifest_not_signed');
  });
});

describe('demo keys', () => {
  const demo = join(import.meta.dirname, '../../keys/demo');

  it('are refused on mainnet, as masters and in manifests', async () => {
    const inner = await readFile(join(demo, 'DEMO-cold-master-a.pub.pem'), 'utf8');
    const masters = { inner, outer: publicPem('key-2') };
    const { sites } = all.station;
    const wishes = {
      role: 'cold',
      name: 'demo',
      network: 'mainnet',
      masters,
      sites,
      passphrase: PASSPHRASE,
    } as const;
    expect(await refusalOf(() => initStation(join(root, 'demo'), wishes))).toBe('station_demo_key');
    const station = await newStation(root, 'cold', 'mainnet');
    const officer = parseMasterPublicKey(await readFile(join(demo, 'DEMO-officer-1.pub.pem'), 'utf8'));
    const key = { algorithm: 'rsa-pss-sha256', spki: officer.spki.toString('base64url') } as const;
    const [first, ...others] = all.house.manifest.officers;
    const manifest = { ...all.house.manifest, network: 'mainnet' as const };
    const hollow = { ...manifest, officers: [...others, { ...first!, key }] };
    const [, second, third] = all.house.house.officers;
    const signed = signedManifest(all.house.house, hollow, [second!, third!]);
    expect(await refusalOf(() => loadManifest(station, signed, manifestHash(hollow)))).toBe(
      'station_demo_key',
    );
    const sound = signedManifest(all.house.house, manifest);
    expect(await refusalOf(() => loadManifest(station, sound, manifestHash(manifest)))).toBe('accepted');
  });
});

describe('registering a wallet', () => {
  it('pins it, recognises the own key, and takes the same again', async () => {
    const pinned = await registerWallet(all.station, wallet);
    expect(pinned.ownKey).toEqual(all.keys[0]!.attestation);
    expect(pinned.descriptor.text).toBe(wallet.descriptor.text);
  });

  it('refuses a changed one, one without the signer’s receipt, and a key in a second wallet', async () => {
    const { registration, receipt } = wallet;
    const credentials = all.house.customers[1];
    const changed = {
      ...registration,
      credentials: [{ id: credentials.credential, publicKey: credentials.signer.publicKey }],
    };
    expect(await refusalOf(() => registerWallet(all.station, { registration: changed, receipt }))).toBe(
      'wallet_changed',
    );
    const renamed = { ...registration, wallet: newId('wallet') };
    expect(await refusalOf(() => registerWallet(all.station, { registration: renamed, receipt }))).toBe(
      'receipt_for_another_registration',
    );
    const twin = registeredWallet(all.house, 'twin', { keys: { cold: all.keys[0]! } });
    expect(await refusalOf(() => registerWallet(all.station, twin))).toBe('key_used_before');
    expect(await refusalOf(() => parseRegistrationFile({ registration }))).toBe('document_malformed');
    expect(await refusalOf(() => parseRegistrationFile({ registration, receipt, more: 1 }))).toBe(
      'document_malformed',
    );
  });

  it('refuses a wallet that this station could spend alone', async () => {
    const [, , second, third] = all.keys;
    const other = attestedKey('third site', 'cold', all.house.attesters.platform);
    const registration = registrationOf('treasury_cold', null, [second!, third!, other]);
    const { manifest } = all.house;
    const cold = [...manifest.attestationKeys.cold, ...manifest.attestationKeys.platform];
    const shared = { ...manifest, attestationKeys: { ...manifest.attestationKeys, cold } };
    const station = await stationLike(all.station, shared);
    const receipt = receiptOf(all.house, registration, parseDescriptor(registration.descriptor, 'regtest'));
    expect(await refusalOf(() => registerWallet(station, { registration, receipt }))).toBe(
      'wallet_with_two_own_keys',
    );
  });

  it('finds out a pin that was changed on the disk', async () => {
    const other = registeredWallet(all.house, 'pinned', { keys: { cold: all.keys[1]! } });
    await registerWallet(all.station, other);
    const path = join(all.station.directory, 'wallets', `${other.id}.json`);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(other.customer!.credential, newId('credential')));
    const bundle = bundleOf(all.house, other, [payoutIntent(other)]);
    expect(await refusalOf(() => checkBundle(all.station, bundle, NOW))).toBe(
      'receipt_for_another_registration',
    );
    await writeFile(path, text);
    expect(await refusalOf(() => checkBundle(all.station, bundle, NOW))).toBe('accepted');
  });
});

describe('signing', () => {
  it('adds the station’s signature, so that one more completes the payout', async () => {
    const bundle = bundleOf(all.house, wallet, [payoutIntent(wallet)]);
    const signed = await sign(bundle);
    expect({ ...signed, psbt: '' }).toEqual({ ...bundle, psbt: '' });
    const { verified } = await checkBundle(all.station, signed, NOW);
    expect(verified.explanation.lines).toContain(`Signed by cold key of cold station (wallet ${wallet.id}).`);
    const platform = wallet.keys.find(({ attestation }) => attestation.statement.role === 'platform')!;
    const complete = signPsbt(parsePsbtBase64(signed.psbt), platform.accountKey, wallet.descriptor);
    expect(completeSpend(complete, verified.expectation).fee).toBe(verified.spend.fee);
  });

  it('asks for the last digits of what leaves', async () => {
    const { verified } = await checkBundle(
      all.station,
      bundleOf(all.house, wallet, [payoutIntent(wallet)]),
      NOW,
    );
    const digits = confirmationDigits(verified);
    expect(digits).toBe((500_000n + verified.spend.fee).toString().slice(-4));
    requireConfirmation([verified], ` ${digits}\n`);
    expect(await refusalOf(() => requireConfirmation([verified], ''))).toBe('confirmation_wrong');
    expect(await refusalOf(() => requireConfirmation([verified], '0000'))).toBe('confirmation_wrong');
  });

  it('needs both masters, in their places', async () => {
    const bundle = bundleOf(all.house, wallet, [payoutIntent(wallet)]);
    const { inner, outer } = mastersOf('cold');
    for (const masters of [
      { inner: outer, outer: inner },
      { inner, outer: mastersOf('backup').outer },
      { inner: mastersOf('backup').inner, outer },
      fixtureMasters('key-3', 'key-4'),
    ]) {
      expect(await refusalOf(() => sign(bundle, masters))).toBe('envelope_for_other_masters');
    }
  });

  it('signs fee variants of one intent over the same coins, and no second payout', async () => {
    const intent = payoutIntent(wallet);
    const coins = walletCoins(wallet);
    await sign(bundleOf(all.house, wallet, [intent], builtPayout(wallet, [intent], coins, 10n)));
    await sign(bundleOf(all.house, wallet, [intent], builtPayout(wallet, [intent], coins, 20n)));
    const others = walletCoins(wallet, [3_000_000n]);
    const second = bundleOf(all.house, wallet, [intent], builtPayout(wallet, [intent], others));
    expect(await refusalOf(() => sign(second))).toBe('intent_signed_otherwise');
  });

  it('signs every fee variant in one go, says their fees, and asks for the most that leaves', async () => {
    const intent = payoutIntent(wallet);
    const coins = walletCoins(wallet, [2_700_000n]);
    const [first, ...dearer] = [10n, 20n, 40n].map((rate) => builtPayout(wallet, [intent], coins, rate));
    const variants = dearer.map(({ psbt }) => psbtToBase64(psbt));
    const bundle = { ...bundleOf(all.house, wallet, [intent], first), variants };
    const { verified } = await checkBundle(all.station, bundle, NOW);
    expect(confirmationDigits(verified)).toBe((500_000n + dearer[1]!.fee).toString().slice(-4));
    const { lines } = await inspectBundle(all.station, bundle, NOW);
    expect(lines).toContain(
      `  ${dearer[1]!.txid}: the fee is 0.0000${dearer[1]!.fee} BTC (about 40 sat/vB), and ${formatBitcoin(dearer[1]!.change!.value)} returns as change.`,
    );
    const signed = await sign(bundle);
    const platform = wallet.keys.find(({ attestation }) => attestation.statement.role === 'platform')!;
    const completed = [signed.psbt, ...signed.variants!].map((psbt) =>
      completeSpend(
        signPsbt(parsePsbtBase64(psbt), platform.accountKey, wallet.descriptor),
        verified.expectation,
      ),
    );
    expect(completed.map(({ txid }) => txid)).toEqual([first!, ...dearer].map(({ txid }) => txid));
    // Another payout of the intent could confirm beside none of them.
    const others = builtPayout(wallet, [intent], walletCoins(wallet, [2_800_000n]));
    const stolen = { ...bundle, variants: [psbtToBase64(others.psbt)] };
    expect(await refusalOf(() => sign(stolen))).toBe('variant_malformed');
    expect((await inspectBundle(all.station, stolen, NOW)).refusal?.code).toBe('variant_malformed');
  });

  it('signs another payout when the platform signer has given up the one that it signed', async () => {
    const { platform } = all.house.attesters;
    const intents = [payoutIntent(wallet), payoutIntent(wallet)];
    const both = builtPayout(wallet, intents, walletCoins(wallet, [2_500_000n]));
    await sign(bundleOf(all.house, wallet, intents, both));
    const [kept] = intents;
    const alone = builtPayout(wallet, [kept!], walletCoins(wallet, [2_600_000n]));
    const again = bundleOf(all.house, wallet, [kept!], alone);
    expect(await refusalOf(() => sign(again))).toBe('intent_signed_otherwise');
    const givenUp = (txid: string, by = platform): SigningBundle => {
      const statement: Abandonment['statement'] = {
        ...{ purpose: 'transaction abandoned', network: 'regtest', txid, abandonedAt: at(-1) },
      };
      const signature = by.sign(abandonmentDigest(statement));
      return { ...again, abandoned: [{ statement, attestedBy: by.publicKey, signature }] };
    };
    expect(await refusalOf(() => sign(givenUp('ab'.repeat(32))))).toBe('intent_signed_otherwise');
    expect(await refusalOf(() => sign(givenUp(both.txid, all.house.attesters.backup)))).toBe(
      'intent_signed_otherwise',
    );
    expect(await refusalOf(() => sign(givenUp(both.txid)))).toBe('accepted');
  });

  it('takes a treasury payout by a credential that any pinned wallet of the customer names', async () => {
    const treasury = registeredWallet(all.house, 'treasury', {
      customer: null,
      keys: { cold: all.keys[2]! },
    });
    await registerWallet(all.station, treasury);
    const [customer, neighbour] = all.house.customers;
    const known = bundleOf(all.house, treasury, [payoutIntent(treasury, { customer })]);
    expect(await refusalOf(() => sign(known))).toBe('accepted');
    const unknown = bundleOf(all.house, treasury, [payoutIntent(treasury, { customer: neighbour })]);
    expect(await refusalOf(() => sign(unknown))).toBe('request_not_signed_by_customer');
    const theirs = registeredWallet(all.house, 'theirs', {
      customer: neighbour,
      keys: { cold: all.keys[3]! },
    });
    await registerWallet(all.station, theirs);
    expect(await refusalOf(() => sign(unknown))).toBe('accepted');
  });

  it('takes a further credential at the word of a pinned one, and of no other', async () => {
    const [customer, neighbour] = all.house.customers;
    const further = { ...customer, credential: newId('credential'), signer: passkeySigner() };
    const asked = payoutIntent(wallet);
    const [entitled] = bundleOf(all.house, wallet, [asked]).intents;
    const bundle = {
      ...bundleOf(all.house, wallet, [asked]),
      intents: [{ ...entitled!, request: requestBy(further, asked) }],
    };
    expect(await refusalOf(() => sign(bundle))).toBe('request_not_signed_by_customer');
    const pinOf = (
      by: typeof customer | typeof further,
      signer = by.signer,
      of = customer.id,
    ): CredentialPin => {
      const statement: CredentialPin['statement'] = {
        purpose: 'pin credential',
        network: 'regtest',
        customer: of,
        credential: { id: further.credential, publicKey: further.signer.publicKey },
        signedBy: by.credential,
        signedAt: at(-1),
      };
      return { statement, signature: signer.sign(credentialPinDigest(statement)) };
    };
    const refusal = (pin: CredentialPin): Promise<string> =>
      refusalOf(() => pinCredential(all.station, parseCredentialPin(structuredClone(pin))));
    expect(await refusal(pinOf(further))).toBe('credential_unknown');
    expect(await refusal(pinOf(neighbour))).toBe('credential_unknown');
    expect(await refusal(pinOf(customer, neighbour.signer))).toBe('signature_wrong');
    expect(await refusal(pinOf(customer, customer.signer, '../../x' as CustomerId))).toBe(
      'document_malformed',
    );
    expect(await refusal(pinOf(customer))).toBe('accepted');
    expect(await refusal(pinOf(customer))).toBe('accepted');
    expect(await refusalOf(() => sign(bundle))).toBe('accepted');
    const other = pinOf(customer);
    other.statement.credential = { id: further.credential, publicKey: neighbour.signer.publicKey };
    const changed = { ...other, signature: customer.signer.sign(credentialPinDigest(other.statement)) };
    expect(await refusal(changed)).toBe('credential_changed');
  });

  it('refuses a wallet that it does not know', async () => {
    const strange = registeredWallet(all.house, 'strange', { keys: { cold: all.keys[0]! } });
    const bundle = bundleOf(all.house, strange, [payoutIntent(strange)]);
    expect(await refusalOf(() => sign(bundle))).toBe('wallet_unknown');
    expect(await refusalOf(() => sign({ ...bundle, wallet: '../../etc/passwd' }))).toBe('wallet_unknown');
  });

  it('reads the second site when the first has lost an envelope, and trusts neither', async () => {
    const name = (await readdir(all.station.sites[0]!)).filter((entry) => entry.endsWith('.envelope'));
    const own = `${keyIdOf(all.keys[0]!.attestation.statement.xpub)}.envelope`;
    expect(name).toContain(own);
    const [first, second] = all.station.sites.map((site) => join(site, own)) as [string, string];
    const bytes = await readFile(first);
    const bundle = bundleOf(all.house, wallet, [payoutIntent(wallet)]);
    await rm(first);
    expect(await refusalOf(() => sign(bundle))).toBe('accepted');
    // Another key's envelope under this one's name.
    const other = `${keyIdOf(all.keys[1]!.attestation.statement.xpub)}.envelope`;
    await writeFile(first, await readFile(join(all.station.sites[0]!, other)));
    expect(await refusalOf(() => sign(bundle))).toBe('envelope_for_another_key');
    await rm(first);
    await symlink(second, first);
    expect(await refusalOf(() => sign(bundle))).toBe('file_not_regular');
    await rm(first);
    await rm(second);
    expect(await refusalOf(() => sign(bundle))).toBe('envelope_missing');
    await writeFile(first, bytes);
    await writeFile(second, bytes);
  });
});

describe('inspecting', () => {
  it('says in plain words what is paid and who approved', async () => {
    const intent = payoutIntent(wallet);
    const report = await inspectBundle(all.station, bundleOf(all.house, wallet, [intent]), NOW);
    expect(report.refusal).toBeNull();
    expect(report.lines.join('\n')).toMatch(/Pays 0\.00500000 BTC to bcrt1/);
    expect(report.lines.join('\n')).toMatch(/approved by approver 1 \(compliance\)/);
  });

  it('explains a refused bundle too, and says why it is refused', async () => {
    const intent = payoutIntent(wallet);
    const bundle = bundleOf(
      all.house,
      wallet,
      [intent],
      builtPayout(wallet, [
        payoutIntent(wallet, {
          payments: [
            {
              address: 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry',
              satoshis: '500000',
            },
          ],
        }),
      ]),
    );
    const report = await inspectBundle(all.station, bundle, NOW);
    expect(report.refusal?.code).toBe('payments_differ');
    expect(report.lines.join('\n')).toMatch(/Pays 0\.00500000 BTC to bcrt1qrp33/);
    expect(report.lines.join('\n')).not.toMatch(/Every intent is signed/);
    const strange = await inspectBundle(all.station, { ...bundle, wallet: newId('wallet') }, NOW);
    expect(strange.refusal?.code).toBe('wallet_unknown');
  });
});
