// Approvals by passkey, made by a real browser with the virtual authenticator of its debugging protocol.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApprovalQueue, type ApprovalPolicy, type StoredIntent } from '../../src/approvals/index.ts';
import { inTransaction, openDatabase, type Database } from '../../src/database/index.ts';
import {
  intentHash,
  ruleFor,
  statementDigest,
  toBase64Url,
  type Approval,
  type PublicKey,
  type Signature,
  type SigningBundle,
} from '../../src/intents/index.ts';
import { isoTime, parseId } from '../../src/shared/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import { builtPayout, bundleOf, payoutIntent, type TestWallet } from '../fixtures/custody.ts';
import { refusalOf, SignerScene } from '../signer/signer-scene.ts';
import { launchBrowser } from './browser.ts';

const RP_ID = 'localhost';
const SOMEBODY = { actor: { kind: 'anonymous' }, strength: 'none' } as const;
const AUTHENTICATOR = {
  protocol: 'ctap2',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
} as const;

/** Asks for nothing beyond the officers' manifest; what a policy knows of wallets is not in this database. */
const MANIFEST_ALONE: ApprovalPolicy = {
  current: () => Promise.resolve({ number: 1, hash: '0'.repeat(64) }),
  evidence: () => Promise.resolve([]),
  evaluate: (_tx, intent, manifest) => {
    const rules = [ruleFor(intent, manifest)] as const;
    return Promise.resolve({ outcome: 'approvals', rules, coolingOffMs: 0, because: [] });
  },
  admit(tx, intent, manifest) {
    return this.evaluate(tx, intent, manifest);
  },
};

let server: Server;
let browser: Browser;
let page: Page;
let devtools: CDPSession;
let authenticatorId: string;
let passkey: PublicKey & { readonly algorithm: 'webauthn' };
let scene: SignerScene;
let signer: SignerClient;
let wallet: TestWallet;
let database: Database;

function originOf(listening: Server): string {
  return `http://${RP_ID}:${(listening.address() as AddressInfo).port}`;
}

function serve(): Promise<Server> {
  const listening = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Passkeys</title>');
  });
  return new Promise((resolve) => listening.listen(0, () => resolve(listening)));
}

/** Makes a passkey in the page: its id and COSE key, out of what the authenticator says (WebAuthn section 6.5.1). */
async function createPasskey(origin: string): Promise<PublicKey & { readonly algorithm: 'webauthn' }> {
  const bytes = await page.evaluate(async (rpId) => {
    const credential = (await navigator.credentials.create({
      publicKey: {
        challenge: new Uint8Array(32),
        rp: { id: rpId, name: 'Trilock' },
        user: { id: new Uint8Array([1]), name: 'approver', displayName: 'Approver' },
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { userVerification: 'required', residentKey: 'required' },
      },
    })) as PublicKeyCredential;
    const response = credential.response as AuthenticatorAttestationResponse;
    return [...new Uint8Array(response.getAuthenticatorData())];
  }, RP_ID);
  const data = Buffer.from(bytes);
  const idLength = data.readUInt16BE(53);
  return {
    algorithm: 'webauthn',
    credentialId: toBase64Url(data.subarray(55, 55 + idLength)),
    coseKey: toBase64Url(data.subarray(55 + idLength)),
    rpId: RP_ID,
    origins: [origin],
  };
}

/** What the page gets from the authenticator for a digest as challenge. */
async function assertionOf(digest: Uint8Array, userVerification = 'required'): Promise<Signature> {
  const found = await page.evaluate(
    async ({ challenge, id, rpId, verification }) => {
      const credential = (await navigator.credentials.get({
        publicKey: {
          challenge: new Uint8Array(challenge),
          rpId,
          allowCredentials: [{ type: 'public-key', id: new Uint8Array(id) }],
          userVerification: verification as UserVerificationRequirement,
        },
      })) as PublicKeyCredential;
      const response = credential.response as AuthenticatorAssertionResponse;
      const list = (buffer: ArrayBuffer): number[] => [...new Uint8Array(buffer)];
      return [response.clientDataJSON, response.authenticatorData, response.signature].map(list);
    },
    {
      challenge: [...digest],
      id: [...Buffer.from(passkey.credentialId, 'base64url')],
      rpId: RP_ID,
      verification: userVerification,
    },
  );
  const [clientDataJson = '', authenticatorData = '', signature = ''] = found.map((bytes) =>
    toBase64Url(Uint8Array.from(bytes)),
  );
  return { algorithm: 'webauthn', clientDataJson, authenticatorData, signature };
}

beforeAll(async () => {
  server = await serve();
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.goto(originOf(server));
  devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  ({ authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { ...AUTHENTICATOR, automaticPresenceSimulation: true },
  }));
  passkey = await createPasskey(originOf(server));
  scene = await SignerScene.open(({ manifest }) => ({
    ...manifest,
    approvers: manifest.approvers.map((entry, index) => (index === 0 ? { ...entry, key: passkey } : entry)),
  }));
  signer = await scene.start();
  await scene.loadManifest(signer);
  wallet = await scene.openWallet(signer, 'passkeys');
  database = openDatabase(scene.database.app);
});
afterAll(async () => {
  await database.$disconnect();
  await scene.close();
  await browser.close();
  server.close();
});

const approver = () => parseId('staff', scene.house.manifest.approvers[0]!.id);

function queue(): ApprovalQueue {
  const { clock } = scene;
  const { id, credential, signer: key } = scene.house.customers[0];
  return new ApprovalQueue({
    ...{ clock, network: 'regtest', manifest: () => Promise.resolve(scene.house.manifest) },
    credentialsOf: (customer) =>
      Promise.resolve(new Map(customer === id ? [[credential, key.publicKey]] : [])),
    policy: MANIFEST_ALONE,
    kinds: new Map([['withdrawal', {}]]),
  });
}

function statementOn(hash: string): Approval['statement'] {
  const signedAt = isoTime(scene.clock.nowMs());
  return { purpose: 'approval', intentHash: hash, decision: 'approve', approver: approver(), signedAt };
}

async function approvalOf(hash: string, userVerification?: string): Promise<Approval> {
  const statement = statementOn(hash);
  return { statement, signature: await assertionOf(statementDigest(statement), userVerification) };
}

/** A withdrawal, signed by its customer, that waits in the queue, and the bundle that the signer would see. */
async function waiting(): Promise<{ readonly stored: StoredIntent; readonly bundle: SigningBundle }> {
  const intent = payoutIntent(wallet);
  const built = builtPayout(wallet, [intent], scene.coins(wallet));
  const bundle = scene.cosigned(wallet, bundleOf(scene.house, wallet, [intent], built));
  const stored = await inTransaction(database, async (tx) => {
    const submitted = await queue().submit(tx, intent, SOMEBODY);
    return queue().sign(tx, submitted.id, bundle.intents[0]!.request!, SOMEBODY);
  });
  expect(stored.hash).toBe(intentHash(intent));
  return { stored, bundle };
}

function judged({ id }: StoredIntent, approval: Approval): Promise<StoredIntent> {
  return inTransaction(database, (tx) => queue().judge(tx, id, approval, approver(), SOMEBODY));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'accepted',
    (thrown: unknown) => (thrown as { readonly code: string }).code,
  );
}

/** What queue and signer say of an approval, for what it is offered. */
async function verdicts(
  { stored, bundle }: Awaited<ReturnType<typeof waiting>>,
  approval: Approval,
): Promise<readonly [queue: string, signer: string]> {
  const intents = bundle.intents.map((one) => ({ ...one, approvals: [approval] }));
  return [
    await codeOf(judged(stored, approval)),
    await refusalOf(scene, signer, () => signer.sign({ bundle: { ...bundle, intents } })),
  ];
}

describe('the passkey of an approver', () => {
  it('approves what it signs: the queue takes it, and the signer signs', async () => {
    const wish = await waiting();
    const approval = await approvalOf(wish.stored.hash);
    expect(await verdicts(wish, approval)).toEqual(['accepted', 'accepted']);
    // The same word again changes nothing.
    expect((await judged(wish.stored, approval)).approvals).toHaveLength(1);
  });

  it('does not approve without the person: user verification is required', async () => {
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    const wish = await waiting();
    const approval = await approvalOf(wish.stored.hash, 'discouraged');
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
    expect(await verdicts(wish, approval)).toEqual(['signature_wrong', 'signature_wrong']);
  });

  it('does not approve from the page of another, on the same host', async () => {
    const other = await serve();
    await page.goto(originOf(other));
    const wish = await waiting();
    const approval = await approvalOf(wish.stored.hash);
    await page.goto(originOf(server));
    other.close();
    expect(await verdicts(wish, approval)).toEqual(['signature_wrong', 'signature_wrong']);
  });

  it('approves one intent: its assertion is no approval of another', async () => {
    const seen = await waiting();
    const hidden = await waiting();
    const given = await approvalOf(seen.stored.hash);
    expect(await verdicts(hidden, given)).toEqual([
      'approval_for_another_intent',
      'approval_for_another_intent',
    ]);
    const relabelled = { ...given, statement: statementOn(hidden.stored.hash) };
    expect(await verdicts(hidden, relabelled)).toEqual(['signature_wrong', 'signature_wrong']);
  });

  it('approves no more once a copy of it has signed', async () => {
    const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
    const mine = await waiting();
    expect(await verdicts(mine, await approvalOf(mine.stored.hash))).toEqual(['accepted', 'accepted']);
    // The thief's copy counts on from where it was taken.
    await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    ({ authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: { ...AUTHENTICATOR, automaticPresenceSimulation: true },
    }));
    await devtools.send('WebAuthn.addCredential', { authenticatorId, credential: credentials[0]! });
    scene.clock.advance(1_000);
    const stolen = await waiting();
    expect(await verdicts(stolen, await approvalOf(stolen.stored.hash))).toEqual([
      'approval_passkey_cloned',
      'passkey_cloned',
    ]);
  });
});

it('a rejection says why, in more than blanks', async () => {
  const wish = await waiting();
  for (const reason of [undefined, '', '   ']) {
    const statement = {
      ...statementOn(wish.stored.hash),
      decision: 'reject' as const,
      ...(reason === undefined ? {} : { reason }),
    };
    const signature = await assertionOf(statementDigest(statement));
    expect(await codeOf(judged(wish.stored, { statement, signature }))).toBe('approval_malformed');
  }
});
