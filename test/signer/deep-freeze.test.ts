import { createHmac, createPrivateKey } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  credentialPinDigest,
  intentHash,
  makeCustomerStatement,
  parseIntent,
  toBase64Url,
  type CredentialPin,
  type CustomerPurpose,
  type CustomerStatement,
  type DeepFreezeIntent,
  type KeyAttestation,
  type KeyTransport,
  type ReturnedKey,
} from '../../src/intents/index.ts';
import { openAes } from '../../src/keyring/aes-gcm.ts';
import {
  keyIdOf,
  masterPublicKeyFrom,
  openEnvelope,
  openFileSlots,
  sealForTransport,
  seedOfEntropy,
} from '../../src/keyring/index.ts';
import { newId } from '../../src/shared/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import type { SignerParameters } from '../../src/signer/signer-contract.ts';
import { THAW_DELAY_MS } from '../../src/signer/thaw.ts';
import type { TestCustomer, TestWallet } from '../fixtures/custody.ts';
import { approval, releaseIntent, signedRequest } from '../fixtures/intents.ts';
import { fixtureMasters } from '../fixtures/masters.ts';
import { lockRegistration, testLock, type TestLock } from '../fixtures/master-locks.ts';
import { refusalOf, SignerScene } from './signer-scene.ts';

let scene: SignerScene;
let signer: SignerClient;
let wallet: TestWallet;
let neighbour: TestWallet;
let owner: TestCustomer;
let lock: TestLock;

beforeAll(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
  wallet = await scene.openWallet(signer, 'deep');
  [owner] = scene.house.customers;
  neighbour = await scene.openWallet(signer, 'neighbour', { customer: scene.house.customers[1] });
  lock = await pinLock();
});
afterAll(() => scene.close());

const iso = (ms: number): string => new Date(ms).toISOString();

function later(): string {
  scene.clock.advance(1_000);
  return iso(scene.clock.nowMs());
}

async function pinLock(): Promise<TestLock> {
  const made = testLock('key-3', 'key-4');
  const signedAt = later();
  const statement: CredentialPin['statement'] = {
    ...{ purpose: 'pin credential', network: 'regtest', customer: owner.id, signedBy: owner.credential },
    credential: { id: made.id, publicKey: made.signing.publicKey },
    signedAt,
  };
  const signature = owner.signer.sign(credentialPinDigest(statement));
  await signer.pinCredential({ statement, signature });
  await signer.registerMasterLock({ registration: lockRegistration(made, owner.id, { signedAt }) });
  return made;
}

function word(
  purpose: CustomerPurpose,
  subject: string,
  by: Pick<TestLock, 'id' | 'signing'> = lock,
): Promise<CustomerStatement> {
  later();
  const { id, signing } = by;
  return makeCustomerStatement(
    { purpose, network: 'regtest', customer: owner.id, subject },
    { id, publicKey: signing.publicKey, sign: (digest) => Promise.resolve(signing.sign(digest)) },
    scene.clock.nowMs(),
  );
}

/** What officers approve: staff asked, and enough others agreed. */
function ordered(restriction: string, approvals = 1): SignerParameters<'deepFreeze'> {
  const { house } = scene.house;
  const [asker, ...others] = house.approvers;
  const signedAt = later();
  const plain = releaseIntent(house, asker!.id);
  const intent = parseIntent({
    ...plain,
    kind: 'deep_freeze',
    createdAt: iso(scene.clock.nowMs() - 500),
    expiresAt: iso(scene.clock.nowMs() + 86_400_000),
    body: { customer: owner.id, restriction, text: 'Call us.', reason: 'a hint' },
  }) as DeepFreezeIntent;
  const request = signedRequest(house, intent, asker!.signer, asker!.id, signedAt);
  const given = others.slice(0, approvals).map((by) => approval(intent, by, { signedAt }));
  return { restriction, order: { intent, request, approvals: given } };
}

function release(restriction: string, openedBy: string): SignerParameters<'release'> {
  const { house } = scene.house;
  const [, asker, other] = house.approvers;
  const signedAt = later();
  const plain = releaseIntent(house, asker!.id, openedBy);
  const intent = {
    ...plain,
    id: newId('intent'),
    createdAt: iso(scene.clock.nowMs() - 500),
    expiresAt: iso(scene.clock.nowMs() + 86_400_000),
    body: { ...plain.body, customer: owner.id, restriction },
  };
  const request = signedRequest(house, intent, asker!.signer, asker!.id, signedAt);
  return { intent, request, approvals: [approval(intent, other!, { signedAt })] };
}

const code = (call: () => Promise<unknown>): Promise<string> => refusalOf(scene, signer, call);

/** Every file of the signer's host and its backup sites, by its path. */
async function filesBelow(directory: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(path, await readFile(path));
  }
  return found;
}

/** What PostgreSQL has of all its databases on the disk, the write-ahead log included. */
async function databaseFiles(): Promise<Map<string, Buffer>> {
  await scene.query('CHECKPOINT');
  const [row] = await scene.query<{ data_directory: string }>('SHOW data_directory');
  const [base] = await scene.query<{ oid: number }>(
    `SELECT oid::int FROM pg_database WHERE datname = current_database()`,
  );
  const wal = await filesBelow(join(row!.data_directory, 'pg_wal'));
  return new Map([...wal, ...(await filesBelow(join(row!.data_directory, 'base', String(base!.oid))))]);
}

function openSlots() {
  const directory = join(scene.directory, 'signer');
  return openFileSlots(join(directory, 'slots'), join(directory, 'slot-key'));
}

/** A secret as it is and as somebody may have written it down. */
function forms(secret: Buffer): readonly Buffer[] {
  const hex = secret.toString('hex');
  return [
    Buffer.from(secret),
    ...[hex, hex.toUpperCase(), secret.toString('base64'), secret.toString('base64url')].map((text) =>
      Buffer.from(text),
    ),
  ];
}

async function secretsOf(id: string): Promise<readonly Buffer[]> {
  const slots = await openSlots();
  return slots.use(id, (entropy) => [...forms(entropy), ...forms(seedOfEntropy(entropy))]);
}

function holders(files: ReadonlyMap<string, Buffer>, needles: readonly Buffer[]): string[] {
  return [...files]
    .filter(([, bytes]) => needles.some((needle) => bytes.includes(needle)))
    .map(([path]) => path);
}

/** The officers at their station: out of the offline wrap, to the key that the signer asks with. */
async function broughtBack({ statement }: KeyTransport): Promise<ReturnedKey[]> {
  const recipient = masterPublicKeyFrom(Buffer.from(statement.spki, 'base64url'));
  return await Promise.all(
    statement.keys.map(async ({ wallet: id, xpub, origin }) => {
      const context = {
        ...{ keyId: keyIdOf(xpub), role: 'platform', network: 'regtest' },
        fingerprint: origin.slice(1, 9),
      };
      const blob = await readFile(join(scene.directory, 'site-a', `platform-${keyIdOf(xpub)}.envelope`));
      const entropy = openEnvelope(blob, context, fixtureMasters());
      const envelope = toBase64Url(sealForTransport(entropy, context, recipient));
      return { purpose: 'returned key', restriction: statement.restriction, wallet: id, envelope };
    }),
  );
}

describe('whoever has the signer’s host, database, write-ahead log and backups after a deep freeze', () => {
  const restriction = newId('restriction');
  let secrets: readonly Buffer[];
  let stolenSlots: string;

  beforeAll(async () => {
    secrets = await secretsOf(wallet.id);
    // A careless backup of the slots, from before.
    stolenSlots = await mkdtemp(join(tmpdir(), 'stolen-slots-'));
    await cp(join(scene.directory, 'signer/slots'), stolenSlots, { recursive: true });
    await signer.sign({ bundle: scene.payout(wallet).bundle });
    await signer.deepFreeze({ restriction, order: { statement: await word('deep freeze', owner.id) } });
  });

  it('finds the key nowhere', async () => {
    const host = await filesBelow(scene.directory);
    expect(host.size).toBeGreaterThan(8);
    expect(holders(host, secrets)).toEqual([]);
    const database = await databaseFiles();
    expect(holders(database, secrets)).toEqual([]);
    // The search finds what is there: the transaction that was signed just before.
    const [row] = await scene.query<{ txid: string }>('SELECT txid FROM signer.spend LIMIT 1');
    expect(holders(database, [Buffer.from(row!.txid)]).length).toBeGreaterThan(0);
  });

  it('unseals it from nothing: no slot, no copy of a slot, no envelope', async () => {
    const slots = await openSlots();
    expect(await slots.has(wallet.id)).toBe(false);
    const host = await filesBelow(scene.directory);
    const keyFile = join(scene.directory, 'signer/slot-key');
    const old = await readFile(join(stolenSlots, `${wallet.id}.slot`));
    const head = old.subarray(0, 5);
    const name = Buffer.concat([head, Buffer.from(wallet.id)]);
    const slotKey = await readFile(keyFile);
    // Every 32 bytes that lie anywhere on the host, as the key, and as the part that the key is made of.
    for (const bytes of host.values()) {
      for (let from = 0; from + 32 <= bytes.length; from++) {
        const window = bytes.subarray(from, from + 32);
        const derived = createHmac('sha256', slotKey).update(head).update(window).digest();
        for (const key of [window, derived]) expect(openAes(key, old.subarray(5), name)).toBe(undefined);
      }
    }
    // The neighbour's stolen slot shows that this is how one opens.
    const theirs = await readFile(join(stolenSlots, `${neighbour.id}.slot`));
    const part = await readFile(`${keyFile}.parts/${neighbour.id}.key`);
    const theirKey = createHmac('sha256', slotKey).update(head).update(part).digest();
    const theirName = Buffer.concat([head, Buffer.from(neighbour.id)]);
    expect(openAes(theirKey, theirs.subarray(5), theirName)).toBeDefined();
    // The envelopes open with two RSA keys of people who are elsewhere.
    const rsa = [...host.values()].filter((bytes) => {
      try {
        return createPrivateKey(bytes).asymmetricKeyType === 'rsa';
      } catch {
        return false;
      }
    });
    expect(rsa).toEqual([]);
  });

  it('gets nothing signed, also when the restriction is taken out of every table', async () => {
    const { bundle } = scene.payout(wallet);
    expect(await code(() => signer.sign({ bundle }))).toBe('account_restricted');
    const hidden = `SET session_replication_role = replica; DELETE FROM signer.deep_freeze; DELETE FROM signer.restriction;`;
    await scene.query(
      `CREATE TABLE kept AS TABLE signer.restriction; CREATE TABLE kept_deep AS TABLE signer.deep_freeze; ${hidden}`,
    );
    expect(await code(() => signer.sign({ bundle }))).toBe('platform_key_missing');
    await scene.query(
      `INSERT INTO signer.restriction SELECT * FROM kept; INSERT INTO signer.deep_freeze SELECT * FROM kept_deep;`,
    );
    expect(await code(() => signer.sign({ bundle }))).toBe('account_restricted');
  });

  it('leaves the neighbour’s wallet as it is', async () => {
    const { txid } = await signer.sign({ bundle: scene.payout(neighbour).bundle });
    expect(txid).toMatch(/^[0-9a-f]{64}$/);
  });

  it('brings the key back only by the customer’s lock, the quorum, three days, and the officers’ masters', async () => {
    const asked = release(restriction, owner.id);
    expect(await code(() => signer.transportKey({ restriction }))).toBe('thaw_unknown');
    expect(await code(() => signer.release({ ...asked, approvals: [] }))).toBe('approvals_insufficient');
    expect(await code(() => signer.release(asked))).toBe('statement_missing');
    const forged = await word('unlock', restriction, { id: owner.credential, signing: owner.signer });
    expect(await code(() => signer.release({ ...asked, statement: forged }))).toBe('statement_not_by_lock');
    const statement = await word('unlock', restriction);
    // What it begins is written down, so there are more rows than the refusal's.
    await expect(signer.release({ ...asked, statement })).rejects.toMatchObject({ code: 'thaw_not_due' });
    expect(await code(() => signer.release({ ...asked, statement }))).toBe('thaw_not_due');
    const { transport } = await signer.transportKey({ restriction });
    expect((await signer.transportKey({ restriction })).transport).toEqual(transport);
    const [key] = await broughtBack(transport);
    expect(await code(() => signer.returnKey({ key: key! }))).toBe('thaw_not_due');
    scene.clock.advance(THAW_DELAY_MS);
    expect(await code(() => signer.release({ ...asked, statement }))).toBe('platform_keys_away');
    const another = release(restriction, owner.id);
    expect(await code(() => signer.release(another))).toBe('restriction_lifted_already');
    expect(await code(() => signer.returnKey({ key: { ...key!, wallet: neighbour.id } }))).toBe(
      'wallet_unknown',
    );
    expect(await signer.returnKey({ key: key! })).toEqual({ missing: [] });
    expect(await signer.returnKey({ key: key! })).toEqual({ missing: [] });
    const { bundle } = scene.payout(wallet);
    expect(await code(() => signer.sign({ bundle }))).toBe('account_restricted');
    await signer.release({ ...asked, statement });
    // Three days later it is not asked for any more; nothing else is in its way.
    expect(await code(() => signer.sign({ bundle }))).toBe('intent_expired');
    // What was brought back is worth nothing to whoever kept it.
    const slots = await openSlots();
    expect(await slots.has(`transport-${restriction}`)).toBe(false);
    expect(intentHash(asked.intent)).toBe(transport.statement.intentHash);
  });
});

describe('a deep freeze is ordered', () => {
  it('by no session, no other credential, no statement twice, and no word for something else', async () => {
    const restriction = newId('restriction');
    const order = async (statement: Promise<CustomerStatement>) => {
      const given = await statement;
      return await code(() => signer.deepFreeze({ restriction, order: { statement: given } }));
    };
    const passkey = { id: owner.credential, signing: owner.signer };
    expect(await order(word('deep freeze', owner.id, passkey))).toBe('statement_not_by_lock');
    expect(await order(word('unlock', owner.id))).toBe('statement_for_another_purpose');
    expect(await order(word('deep freeze', restriction))).toBe('statement_for_another_purpose');
    expect(await code(() => signer.deepFreeze(ordered(restriction, 0)))).toBe('approvals_insufficient');
    const { order: other } = ordered(newId('restriction'));
    expect(await code(() => signer.deepFreeze({ restriction, order: other }))).toBe('intent_malformed');
    expect(await (await openSlots()).has(wallet.id)).toBe(true);
  });

  it('by a quorum; a crash before the slots are erased is made good at the next start', async () => {
    const restriction = newId('restriction');
    const slot = join(scene.directory, 'signer/slots', `${wallet.id}.slot`);
    const part = join(scene.directory, 'signer/slot-key.parts', `${wallet.id}.key`);
    const kept = [await readFile(slot), await readFile(part)] as const;
    const order = ordered(restriction);
    const answer = await signer.deepFreeze(order);
    expect(await signer.deepFreeze(order)).toEqual(answer);
    expect(await (await openSlots()).has(wallet.id)).toBe(false);
    await scene.stopSigners();
    // As if it had died between its record and the erasing.
    await writeFile(part, kept[1], { mode: 0o600 });
    await writeFile(slot, kept[0], { mode: 0o600 });
    expect(await (await openSlots()).has(wallet.id)).toBe(true);
    signer = await scene.start();
    expect(await (await openSlots()).has(wallet.id)).toBe(false);
    expect((await signer.status({})).sealed).toBe(null);
    const [asker] = scene.house.house.approvers;
    // Officers alone lift what officers ordered; the time lock runs all the same.
    const lifting = signer.release(release(restriction, asker!.id));
    await expect(lifting).rejects.toMatchObject({ code: 'thaw_not_due' });
  });
});

it('a key that is not the wallet’s own is taken back by nobody', async () => {
  const attestations: KeyAttestation[] = wallet.registration.keys.filter(
    ({ statement }) => statement.role === 'platform',
  );
  const [{ restriction }] = (await scene.query<{ restriction: string }>(
    `SELECT t.restriction FROM signer.thaw t WHERE NOT EXISTS
       (SELECT FROM signer.restriction_release x WHERE x.restriction = t.restriction)`,
  )) as [{ restriction: string }];
  scene.clock.advance(THAW_DELAY_MS);
  const { transport } = await signer.transportKey({ restriction });
  const { xpub, origin } = attestations[0]!.statement;
  const context = {
    ...{ keyId: keyIdOf(xpub), role: 'platform', network: 'regtest' },
    fingerprint: origin.slice(1, 9),
  };
  const recipient = masterPublicKeyFrom(Buffer.from(transport.statement.spki, 'base64url'));
  const envelope = toBase64Url(sealForTransport(Buffer.alloc(32, 7), context, recipient));
  const key = { purpose: 'returned key', restriction, wallet: wallet.id, envelope } as const;
  expect(await code(() => signer.returnKey({ key }))).toBe('platform_key_foreign');
  const [own] = await broughtBack(transport);
  const broken = { ...own!, envelope: own!.envelope.slice(0, -8) + 'AAAAAAAA' };
  expect(await code(() => signer.returnKey({ key: broken }))).toBe('envelope_damaged');
});

it('one that is told again without its order signs nothing, and its release takes the same way back', async () => {
  const restriction = newId('restriction');
  const openedBy = newId('staff');
  await signer.restrict({ restriction, customer: owner.id, kind: 'deep_freeze', openedBy });
  expect((await signer.freezeStatus({})).status.statement.restricted).toContain(owner.id);
  const lifting = release(restriction, openedBy);
  await expect(signer.release(lifting)).rejects.toMatchObject({ code: 'thaw_not_due' });
  const { keys } = (await signer.transportKey({ restriction })).transport.statement;
  expect(keys.map((key) => key.wallet)).toContain(wallet.id);
  scene.clock.advance(THAW_DELAY_MS);
  // The keys were erased when the release began, and nothing but the officers' copies brings them back.
  await expect(signer.release(lifting)).rejects.toMatchObject({ code: 'platform_keys_away' });
});
