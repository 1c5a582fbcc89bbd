// A page built from the library, in a real browser, against a real signer.
import { createServer, type Server } from 'node:http';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { build } from 'vite';
import {
  parseExtendedPublicKey,
  parseKeyOrigin,
  psbtToBase64,
  type AccountKey,
} from '../../src/bitcoin/index.ts';
import type { CustomerTrust, KeyAttestation, SigningBundle } from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import { curveInBrowser } from '../../src/web/server/wasm-plugin.ts';
import { contentSecurityPolicy } from '../../src/web/server/security-policy.ts';
import {
  builtPayout,
  enoughApprovals,
  PAYEE,
  payoutIntent,
  registeredWallet,
  requestBy,
  type TestCustomer,
} from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';
import { rsaSigner } from '../fixtures/signing-keys.ts';
import { SignerScene } from '../signer/signer-scene.ts';
import { launchBrowser, watchComplaints } from './browser.ts';
import type { OwnKeysPage } from './own-keys/page.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

let directory: string;
let server: Server;
let browser: Browser;
let page: Page;
let complaints: string[];
let scene: SignerScene;
let signer: SignerClient;

/** The page as the product would build and serve it: its bundler's plugin, its policy. */
async function servePage(): Promise<string> {
  await build({
    configFile: false,
    root: join(import.meta.dirname, 'own-keys'),
    logLevel: 'silent',
    plugins: [curveInBrowser()],
    build: { outDir: directory, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  });
  server = createServer((request, response) => {
    if (request.url === '/favicon.ico') {
      response.writeHead(204).end();
      return;
    }
    const path = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1);
    readFile(join(directory, path)).then(
      (content) => {
        response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
        response.setHeader('content-security-policy', contentSecurityPolicy('none'));
        response.end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'own-keys-'));
  [browser, scene] = await Promise.all([launchBrowser(), SignerScene.open()]);
  signer = await scene.start();
  await scene.loadManifest(signer);
  const origin = await servePage();
  page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  complaints = await watchComplaints(page);
  await page.goto(origin);
  await page.locator('body[data-ready]').waitFor({ state: 'attached' });
});
afterAll(async () => {
  await browser.close();
  server.close();
  await scene.close();
  await rm(directory, { recursive: true, force: true });
});

/** Calls a function of the page with plain data. */
function call<Name extends keyof OwnKeysPage>(
  name: Name,
  ...parameters: Parameters<OwnKeysPage[Name]>
): Promise<Awaited<ReturnType<OwnKeysPage[Name]>>> {
  return page.evaluate(
    ([method, list]) => {
      const { ownKeys } = globalThis as unknown as {
        ownKeys: Record<string, (...all: unknown[]) => unknown>;
      };
      return ownKeys[method]?.(...list);
    },
    [name, parameters] as const,
  ) as Promise<Awaited<ReturnType<OwnKeysPage[Name]>>>;
}

function publicHalf({ statement }: KeyAttestation): AccountKey {
  return {
    origin: parseKeyOrigin(statement.origin),
    xpub: parseExtendedPublicKey(statement.xpub, 'regtest'),
  } as unknown as AccountKey;
}

it('makes a lock and a key, registers both, reads what it signs, and co-signs what the signer completes', async () => {
  const who = {
    customer: newId('customer'),
    id: newId('credential'),
    passphrase: 'späte Äpfel im Keller',
    nowMs: NOW,
  };
  expect(await call('weak')).toBe('passphrase_weak');
  const { pin, registration } = await call('makeLock', who);
  await signer.pinCredential(pin);
  const { certificates } = await signer.registerMasterLock({ registration });
  const [platform] = scene.house.manifest.attestationKeys.platform;
  const raw = platform?.algorithm === 'ed25519' ? platform.raw : '';
  const file = await call('certify', who, certificates, raw);
  expect(await call('wrong', who)).toBe('passphrase_wrong');

  // The file of the browser opens with OpenSSL.
  const path = join(directory, 'lock.p12');
  await writeFile(path, Buffer.from(file, 'base64url'));
  const env = { ...process.env, LOCK_PASSPHRASE: who.passphrase, LC_ALL: 'C.UTF-8' };
  const { stdout } = await promisify(execFile)(
    'openssl',
    ['pkcs12', '-in', path, '-passin', 'env:LOCK_PASSPHRASE', '-nodes'],
    { env },
  );
  expect(stdout.match(/BEGIN PRIVATE KEY/g)).toHaveLength(2);
  expect(stdout.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);

  const { attestation, backup } = await call('makeKey', who);
  // Who a customer is to the fixtures; what it signs here is signed in the page.
  const customer: TestCustomer = {
    id: who.customer,
    credential: who.id,
    signer: { publicKey: attestation.attestedBy, sign: rsaSigner('key-6').sign },
  };
  const wallet = newId('wallet');
  const made = await signer.createPlatformKey({ wallet, network: 'regtest' });
  const half = (value: KeyAttestation) => ({
    entropy: Buffer.alloc(0),
    accountKey: publicHalf(value),
    attestation: value,
  });
  const drawn = registeredWallet(scene.house, 'browser', {
    plan: 'collaborative',
    customer,
    keys: { platform: half(made.attestation), customer: half(attestation) },
  });
  const own = { ...drawn, id: wallet, registration: { ...drawn.registration, wallet } };
  const { receipt } = await signer.registerWallet({ registration: own.registration });
  const { manifest } = scene.house;
  const trust: CustomerTrust = {
    file: { registration: own.registration, receipt },
    registeredBy: manifest,
    inForce: manifest,
  };

  const intent = payoutIntent(own);
  const asked = await call('request', who, intent);
  expect(asked.words.join(' ')).toContain(`Pays 0.00500000 BTC to ${PAYEE}`);
  const entitled = { intent, request: asked.request, approvals: enoughApprovals(scene.house, intent) };
  const coins = scene.coins(own);
  const bundleOf = (psbt: ReturnType<typeof builtPayout>['psbt']): SigningBundle => ({
    version: 1,
    wallet,
    intents: [entitled],
    psbt: psbtToBase64(psbt),
  });

  const thief = payoutIntent(own, {
    payments: [
      { address: 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry', satoshis: '500000' },
    ],
  });
  const stolen = bundleOf(builtPayout(own, [thief], coins).psbt);
  expect(await call('refusal', who, stolen, trust)).toMatch(/^(spend_|payment|output)/);
  const forged = {
    ...bundleOf(builtPayout(own, [thief], coins).psbt),
    intents: [{ ...entitled, intent: thief }],
  };
  expect(await call('refusal', who, forged, trust)).toBe('approval_for_another_intent');
  const unasked = bundleOf(builtPayout(own, [intent], coins).psbt);
  const stranger = { ...unasked, intents: [{ ...entitled, request: requestBy(customer, intent) }] };
  expect(await call('refusal', who, stranger, trust)).toBe('signature_wrong');

  const signed = await call('cosign', who, unasked, trust, backup);
  expect(signed.words.join('\n')).toContain(PAYEE);
  expect(signed.words.at(-1)).toContain('the transaction pays just that');
  const { transaction } = await signer.sign({ bundle: signed.bundle });
  expect(transaction.length).toBeGreaterThan(400);

  const revoke = await call('statement', who, 'revoke master lock', who.id);
  await signer.revokeMasterLock({ statement: revoke });
  expect(complaints).toEqual([]);
  const assets = await readdir(join(directory, 'assets'));
  const sizes = await Promise.all(
    assets.map(async (name) => (await readFile(join(directory, 'assets', name))).length),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(3_000_000);
});
