import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePsbtBase64, signPsbt, completeSpend } from '../../src/bitcoin/index.ts';
import {
  acceptManifest,
  manifestHash,
  parseSignedManifest,
  verifyKeyAttestation,
  checkForCustomer,
} from '../../src/intents/index.ts';
import {
  createCustomerKey,
  describeManifest,
  draftManifest,
  parseCustomerKeyFile,
  parseManifestContent,
  parseManifestDraft,
  readDocument,
  signForCustomer,
  signManifest,
} from '../../src/station/index.ts';
import { openCustomerKey } from '../../src/station/customer-key.ts';
import { accountKeyOf } from '../../src/station/pool.ts';
import { bundleOf, custody, payoutIntent, registeredWallet, type AttestedKey } from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';
import { FIXTURE_PASSPHRASE, fixtureMaster } from '../fixtures/masters.ts';
import { temporaryRoot } from './offices.ts';

const passphrase = Buffer.from(FIXTURE_PASSPHRASE);
const house = custody();
const [customer, neighbour] = house.customers;

async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

describe('officers', () => {
  const { officers, approvers, officerQuorum, quorumRules, controlRules, limits, attestationKeys } =
    house.manifest;
  const content = { officers, approvers, officerQuorum, quorumRules, controlRules, limits, attestationKeys };
  const wishes = { content, network: 'regtest', previous: null, nowMs: NOW, days: 30 } as const;
  const [first, second] = house.house.officers;

  it('draft, sign one after the other, and are followed', async () => {
    const draft = draftManifest(wishes);
    const once = signManifest(draft, first!.id, fixtureMaster('key-2'), draft.manifest);
    const twice = signManifest(
      parseManifestDraft(structuredClone(once)),
      second!.id,
      fixtureMaster('key-3'),
      draft.manifest,
    );
    const pinnedFirstHash = manifestHash(draft.manifest);
    const lacking = parseSignedManifest(once);
    expect(await refusalOf(() => acceptManifest({ pinnedFirstHash }, lacking, 'regtest'))).toBe(
      'manifest_not_signed',
    );
    const manifest = await acceptManifest({ pinnedFirstHash }, parseSignedManifest(twice), 'regtest');
    const next = draftManifest({ ...wishes, previous: manifest });
    expect(next.manifest).toMatchObject({ number: 2, previousHash: pinnedFirstHash });
    const lines = describeManifest(manifest).join('\n');
    expect(lines).toContain(`Hash: ${pinnedFirstHash}`);
    expect(lines).toContain('approver 3, compliance, by key file');
    expect(lines).toContain('Up to 1.00000000 BTC: 2 of compliance, officer; 1 of them by key file.');
  });

  it('sign with their own key, once', async () => {
    const draft = draftManifest(wishes);
    const { manifest } = draft;
    expect(await refusalOf(() => signManifest(draft, first!.id, fixtureMaster('key-3'), manifest))).toBe(
      'officer_unknown',
    );
    expect(await refusalOf(() => signManifest(draft, 'stf_none', fixtureMaster('key-2'), manifest))).toBe(
      'officer_unknown',
    );
    const once = signManifest(draft, first!.id, fixtureMaster('key-2'), manifest);
    expect(await refusalOf(() => signManifest(once, first!.id, fixtureMaster('key-2'), manifest))).toBe(
      'officer_signed_before',
    );
    const edited = { ...once, manifest: { ...manifest, officerQuorum: 1 } };
    const pinnedFirstHash = manifestHash(edited.manifest);
    expect(await refusalOf(() => acceptManifest({ pinnedFirstHash }, edited, 'regtest'))).toBe(
      'signature_wrong',
    );
  });

  it('learn at once that a rule can be met by nobody, or that a file is none', async () => {
    const impossible = { ...content, quorumRules: [{ ...quorumRules[0]!, approvals: 4 }] };
    expect(await refusalOf(() => draftManifest({ ...wishes, content: impossible }))).toBe(
      'manifest_malformed',
    );
    expect(await refusalOf(() => parseManifestContent({ ...content, number: 5 }))).toBe('document_malformed');
    expect(await refusalOf(() => parseManifestDraft({ manifest: {}, signatures: [] }))).toBe(
      'manifest_malformed',
    );
    expect(await refusalOf(() => parseManifestDraft({ manifest: {} }))).toBe('document_malformed');
  });
});

describe('a customer’s own key', () => {
  const credential = fixtureMaster('key-1');
  const made = createCustomerKey({ network: 'regtest', name: 'Ada', passphrase, credential });
  const own: AttestedKey = {
    entropy: Buffer.alloc(0),
    accountKey: accountKeyOf(openCustomerKey(made.file, passphrase), 'regtest'),
    attestation: made.attestation,
  };
  const wallet = registeredWallet(house, 'shared', { plan: 'collaborative', keys: { customer: own } });
  const trust = { file: wallet, registeredBy: house.manifest, inForce: house.manifest };
  const bundle = bundleOf(house, wallet, [payoutIntent(wallet)]);

  it('is attested by the customer’s credential, and its file holds no secret in the clear', async () => {
    const { xpub } = await verifyKeyAttestation(made.attestation, [customer.signer.publicKey], 'regtest');
    expect(xpub.text).toBe(made.file.xpub);
    const entropy = openCustomerKey(made.file, passphrase);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      expect(JSON.stringify(made)).not.toContain(entropy.toString(encoding));
    }
  });

  it('signs what was checked, and the platform completes it', async () => {
    const checked = await checkForCustomer(bundle, trust, NOW);
    const signed = signForCustomer(checked, parseCustomerKeyFile(structuredClone(made.file)), passphrase);
    const platform = wallet.keys[2]!.accountKey;
    const complete = signPsbt(parsePsbtBase64(signed.psbt), platform, wallet.descriptor);
    expect(completeSpend(complete, checked.verified.expectation).fee).toBe(checked.verified.spend.fee);
  });

  it('signs nothing that differs from the customer’s own copy', async () => {
    const other = registeredWallet(house, 'other', { plan: 'collaborative' });
    expect(await refusalOf(() => checkForCustomer(bundle, { ...trust, file: other }, NOW))).toBe(
      'bundle_for_another_wallet',
    );
    const forged = { ...wallet, receipt: other.receipt };
    expect(await refusalOf(() => checkForCustomer(bundle, { ...trust, file: forged }, NOW))).toBe(
      'receipt_for_another_registration',
    );
    const theirs = bundleOf(house, wallet, [payoutIntent(wallet, { customer: neighbour })]);
    expect(await refusalOf(() => checkForCustomer(theirs, trust, NOW))).toBe('bundle_for_another_wallet');
  });

  it('refuses a wrong passphrase, another wallet’s key, and a file with a word exchanged', async () => {
    const checked = await checkForCustomer(bundle, trust, NOW);
    const stranger = createCustomerKey({ network: 'regtest', name: 'Eve', passphrase, credential }).file;
    expect(await refusalOf(() => signForCustomer(checked, made.file, Buffer.from('wrong')))).toBe(
      'passphrase_wrong',
    );
    expect(await refusalOf(() => signForCustomer(checked, stranger, passphrase))).toBe(
      'customer_key_foreign',
    );
    const renamed = { ...stranger, xpub: made.file.xpub };
    expect(await refusalOf(() => signForCustomer(checked, renamed, passphrase))).toBe('passphrase_wrong');
    expect(await refusalOf(() => parseCustomerKeyFile({ ...made.file, more: 1 }))).toBe('document_malformed');
  });
});

describe('a document', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(await temporaryRoot(), 'documents-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('is JSON in UTF-8, in a regular file', async () => {
    const path = join(root, 'document.json');
    for (const bytes of [Buffer.from(''), Buffer.from('{'), Buffer.from('"\xff"', 'latin1')]) {
      await writeFile(path, bytes);
      expect(await refusalOf(() => readDocument(path))).toBe('document_malformed');
    }
    expect(await refusalOf(() => readDocument(root))).toBe('file_not_regular');
  });
});
