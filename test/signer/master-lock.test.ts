import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  credentialPinDigest,
  customerStatementDigest,
  intentHash,
  statementDigest,
  type Approval,
  type CredentialPin,
  type CustomerStatement,
  type MasterLockRecoveryIntent,
  type RequestSignature,
} from '../../src/intents/index.ts';
import { verifyLockCertificate } from '../../src/keyring/browser/index.ts';
import { isoTime, newId, type CredentialId, type CustomerId } from '../../src/shared/index.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import { lockRegistration, recoveryIntent, testLock, type TestLock } from '../fixtures/master-locks.ts';
import { passkeySigner, rsaSigner, type TestSigner } from '../fixtures/signing-keys.ts';
import { refusalOf, SignerScene } from './signer-scene.ts';

const DAY = 24 * 3_600_000;
let scene: SignerScene;
let signer: SignerClient;

beforeAll(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
});
afterAll(() => scene.close());

/** A customer with a passkey that the signer has pinned. */
interface Person {
  readonly id: CustomerId;
  readonly passkey: { readonly id: CredentialId; readonly signer: TestSigner };
}

const ago = (minutes: number): string => isoTime(scene.clock.nowMs() - minutes * 60_000);

async function pin(
  customer: string,
  credential: { readonly id: string; readonly signer: TestSigner },
  by: { readonly id: string; readonly signer: TestSigner } = credential,
): Promise<unknown> {
  const statement: CredentialPin['statement'] = {
    purpose: 'pin credential',
    network: 'regtest',
    customer,
    credential: { id: credential.id, publicKey: credential.signer.publicKey },
    signedBy: by.id,
    signedAt: ago(1),
  };
  return signer.pinCredential({ statement, signature: by.signer.sign(credentialPinDigest(statement)) });
}

async function person(): Promise<Person> {
  const who = { id: newId('customer'), passkey: { id: newId('credential'), signer: passkeySigner() } };
  await pin(who.id, who.passkey);
  return who;
}

/** A lock whose signing half is pinned as a credential. */
async function lockOf(
  who: Person,
  keys: readonly [string, string],
  by: { readonly id: string; readonly signer: TestSigner } = who.passkey,
): Promise<TestLock> {
  const lock = testLock(...keys);
  await pin(who.id, { id: lock.id, signer: lock.signing }, by);
  return lock;
}

async function withLock(keys: readonly [string, string] = ['key-1', 'key-2']) {
  const who = await person();
  const lock = await lockOf(who, keys);
  const registration = lockRegistration(lock, who.id, { signedAt: ago(1) });
  return { who, lock, registration, answer: await signer.registerMasterLock({ registration }) };
}

function statement(
  who: Person,
  by: { readonly id: string; readonly signer: TestSigner },
  change: Partial<CustomerStatement['statement']>,
): { readonly statement: CustomerStatement } {
  const words: CustomerStatement['statement'] = {
    purpose: 'revoke master lock',
    network: 'regtest',
    customer: who.id,
    credential: by.id,
    subject: by.id,
    nonce: '00112233445566778899aabbccddeeff',
    issuedAt: ago(1),
    expiresAt: ago(-10),
    ...change,
  };
  const signature = by.signer.sign(customerStatementDigest(words));
  return { statement: { statement: words, signature } };
}

/** A recovery with everything it needs: staff asked, two officers approved. */
function entitled(who: Person, lost: TestLock, fresh: TestLock, officers = 2) {
  const { house } = scene.house;
  const staff = house.approvers[0]!;
  const registration = lockRegistration(fresh, who.id, { replaces: lost.id, signedAt: ago(20) });
  const intent = recoveryIntent(registration, { requester: staff.id, nowMs: scene.clock.nowMs() });
  return signed(intent, staff, house.officers.slice(0, officers));
}

function signed(
  intent: MasterLockRecoveryIntent,
  staff: { readonly id: string; readonly signer: TestSigner },
  officers: readonly { readonly id: string; readonly signer: TestSigner }[],
) {
  const asked: RequestSignature['statement'] = {
    purpose: 'request',
    intentHash: intentHash(intent),
    credential: staff.id,
    signedAt: ago(5),
  };
  const request: RequestSignature = {
    statement: asked,
    signature: staff.signer.sign(statementDigest(asked)),
  };
  const approvals = officers.map((officer): Approval => {
    const words: Approval['statement'] = {
      purpose: 'approval',
      intentHash: intentHash(intent),
      decision: 'approve',
      approver: officer.id,
      signedAt: ago(4),
    };
    return { statement: words, signature: officer.signer.sign(statementDigest(words)) };
  });
  return { intent, request, approvals };
}

const refused = (call: () => Promise<unknown>): Promise<string> => refusalOf(scene, signer, call);

it('a master lock is a credential for withdrawals until it ends', async () => {
  const owner = scene.house.customers[0];
  const wallet = await scene.openWallet(signer, 'locked wallet');
  // The first customer of the fixture signs with an RSA key: it becomes the signing half of the lock.
  const lock = { ...testLock('key-1', 'key-2'), id: owner.credential };
  await signer.registerMasterLock({ registration: lockRegistration(lock, owner.id, { signedAt: ago(1) }) });
  expect((await signer.sign({ bundle: scene.payout(wallet).bundle })).txid).toMatch(/^[0-9a-f]{64}$/);
  const who = { id: owner.id, passkey: { id: owner.credential, signer: owner.signer } };
  await signer.revokeMasterLock(statement(who, who.passkey, {}));
  expect(await refused(() => signer.sign({ bundle: scene.payout(wallet).bundle }))).toBe(
    'request_not_signed_by_customer',
  );
});

describe('a master lock', () => {
  it('is pinned with both halves and certified by the key that the manifest names', async () => {
    const { who, lock, registration, answer } = await withLock();
    expect(await signer.registerMasterLock({ registration })).toEqual(answer);
    const [platform] = scene.house.manifest.attestationKeys.platform;
    const raw = Buffer.from(platform?.algorithm === 'ed25519' ? platform.raw : '', 'base64url');
    for (const [use, spki] of [
      ['signing', lock.signingSpki],
      ['decryption', lock.decryptionSpki],
    ] as const) {
      const der = Buffer.from(answer.certificates[use], 'base64url');
      const facts = {
        network: 'regtest',
        customer: who.id,
        lock: lock.id,
        use,
        spki: Buffer.from(spki, 'base64url'),
      };
      await verifyLockCertificate(der, facts, [raw]);
    }
  });

  it('is refused when a server puts another half in its place, before or after', async () => {
    const who = await person();
    const lock = await lockOf(who, ['key-1', 'key-2']);
    const good = lockRegistration(lock, who.id, { signedAt: ago(1) });
    const swapped = {
      ...good,
      statement: { ...good.statement, decryption: testLock('key-3', 'key-4').decryptionSpki },
    };
    expect(await refused(() => signer.registerMasterLock({ registration: swapped }))).toBe('signature_wrong');
    await signer.registerMasterLock({ registration: good });
    const own = testLock('key-1', 'key-4', lock.id);
    const later = lockRegistration(own, who.id, { signedAt: ago(1) });
    expect(await refused(() => signer.registerMasterLock({ registration: later }))).toBe(
      'master_lock_differs',
    );
  });

  it('needs a signing half that the signer knows as this customer’s', async () => {
    const who = await person();
    const unknown = lockRegistration(testLock('key-1', 'key-2'), who.id, { signedAt: ago(1) });
    expect(await refused(() => signer.registerMasterLock({ registration: unknown }))).toBe(
      'credential_unknown',
    );
    const passkey = lockRegistration(testLock('key-1', 'key-2', who.passkey.id), who.id, {
      signedAt: ago(1),
    });
    expect(await refused(() => signer.registerMasterLock({ registration: passkey }))).toBe(
      'credentials_differ',
    );
  });

  it('gives its place to another at its own word, and signs nothing afterwards', async () => {
    const { who, lock } = await withLock();
    const next = await lockOf(who, ['key-3', 'key-4'], { id: lock.id, signer: lock.signing });
    const wishes = { replaces: lock.id, signedAt: ago(1) };
    const silent = lockRegistration(next, who.id, wishes);
    expect(await refused(() => signer.registerMasterLock({ registration: silent }))).toBe(
      'master_lock_not_vouched_for',
    );
    const thief = lockRegistration(next, who.id, { ...wishes, previous: rsaSigner('key-5') });
    expect(await refused(() => signer.registerMasterLock({ registration: thief }))).toBe('signature_wrong');
    const vouched = lockRegistration(next, who.id, { ...wishes, previous: lock.signing });
    const { lock: pinned } = await signer.registerMasterLock({ registration: vouched });
    expect(pinned).toBe(next.id);
    const late = { id: newId('credential'), signer: passkeySigner() };
    expect(await refused(() => pin(who.id, late, { id: lock.id, signer: lock.signing }))).toBe(
      'credential_unknown',
    );
  });

  it('is revoked at its own word, once, by nobody else, and for good', async () => {
    const { who, lock } = await withLock();
    const own = { id: lock.id, signer: lock.signing };
    const good = statement(who, own, {});
    for (const [change, code] of [
      [{ purpose: 'unlock' }, 'statement_for_another_purpose'],
      [{ subject: who.passkey.id }, 'statement_for_another_purpose'],
      [{ expiresAt: ago(0) }, 'statement_out_of_time'],
    ] as const) {
      expect(await refused(() => signer.revokeMasterLock(statement(who, own, change)))).toBe(code);
    }
    expect(await refused(() => signer.revokeMasterLock(statement(who, who.passkey, {})))).toBe(
      'master_lock_unknown',
    );
    const other = await person();
    expect(await refused(() => signer.revokeMasterLock(statement(other, own, {})))).toBe(
      'master_lock_unknown',
    );
    await signer.revokeMasterLock(good);
    // The answer may have been lost: the same again answers the same, and another word of a lock that ended does not.
    expect(await signer.revokeMasterLock(good)).toEqual({});
    const again = statement(who, own, { nonce: 'ffeeddccbbaa99887766554433221100' });
    expect(await refused(() => signer.revokeMasterLock(again))).toBe('master_lock_unknown');
    expect(await refused(() => pin(who.id, own))).toBe('credential_unknown');
  });

  it('that was a customer’s only credential leaves no door for one that vouches for itself', async () => {
    const customer = newId('customer');
    const lock = testLock('key-1', 'key-2');
    await pin(customer, { id: lock.id, signer: lock.signing });
    await signer.registerMasterLock({ registration: lockRegistration(lock, customer, { signedAt: ago(1) }) });
    const who = { id: customer, passkey: { id: lock.id, signer: lock.signing } };
    await signer.revokeMasterLock(statement(who, who.passkey, {}));
    const thief = { id: newId('credential'), signer: passkeySigner() };
    expect(await refused(() => pin(customer, thief))).toBe('credential_unknown');
  });
});

describe('a statement', () => {
  /** A lock of the customer's own account, as the signer is told of it. */
  async function lockedAccount() {
    const { who, lock } = await withLock();
    const restriction = newId('restriction');
    await signer.restrict({ restriction, customer: who.id, kind: 'whole_lock', openedBy: who.id });
    return { who, own: { id: lock.id, signer: lock.signing }, restriction };
  }

  it('unlocks what the customer locked, by the lock in force, and says so again after a lost answer', async () => {
    const { who, own, restriction } = await lockedAccount();
    const words = { purpose: 'unlock', subject: restriction } as const;
    const passkey = { restriction, ...statement(who, who.passkey, words) };
    expect(await refused(() => signer.unlock(passkey))).toBe('statement_not_by_lock');
    const aCase = newId('restriction');
    const staff = newId('staff');
    await signer.restrict({ restriction: aCase, customer: who.id, kind: 'case', openedBy: staff });
    const foreign = { restriction: aCase, ...statement(who, own, { purpose: 'unlock', subject: aCase }) };
    expect(await refused(() => signer.unlock(foreign))).toBe('restriction_unknown');
    const good = { restriction, ...statement(who, own, words) };
    const answer = await signer.unlock(good);
    expect(await signer.unlock(good)).toEqual(answer);
    const other = statement(who, own, { ...words, nonce: 'ffeeddccbbaa99887766554433221100' });
    expect(await refused(() => signer.unlock({ restriction, ...other }))).toBe('restriction_lifted_already');
  });

  it('is taken once: what it lifted stays lifted for no second time, whatever the tables forget', async () => {
    const { who, own, restriction } = await lockedAccount();
    const good = { restriction, ...statement(who, own, { purpose: 'unlock', subject: restriction }) };
    await signer.unlock(good);
    // Somebody puts the lock back into force by taking its release out of the signer's tables.
    const kept = await scene.query<{ document: string }>(
      `SELECT * FROM signer.restriction_release WHERE restriction = '${restriction}'`,
    );
    await runAsSuperuser(
      scene.database,
      `SET session_replication_role = replica; DELETE FROM signer.restriction_release WHERE restriction = '${restriction}'`,
    );
    expect(await refused(() => signer.unlock(good))).toBe('statement_used');
    await runAsSuperuser(
      scene.database,
      `INSERT INTO signer.restriction_release SELECT * FROM json_populate_record(NULL::signer.restriction_release,
        '${JSON.stringify(kept[0], (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)).replaceAll("'", "''")}')`,
    );
    expect((await signer.unlock(good)).releasedAt).toMatch(/Z$/);
  });
});

describe('the way back for a lost file', () => {
  const fresh = () => testLock('key-3', 'key-4');

  it('takes 14 days of the signer’s own clock', async () => {
    const { who, lock } = await withLock();
    const next = fresh();
    const document = entitled(who, lock, next);
    const started = await signer.startLockRecovery(document);
    expect(await signer.startLockRecovery(document)).toEqual(started);
    expect(Date.parse(started.readyAt) - Date.parse(started.startedAt)).toBe(14 * DAY);
    const complete = () => signer.completeLockRecovery({ intentHash: started.intentHash });
    expect(await refused(complete)).toBe('recovery_not_due');
    scene.clock.advance(14 * DAY - 60_000);
    expect(await refused(complete)).toBe('recovery_not_due');
    scene.clock.advance(60_000);
    const done = await complete();
    expect(done.lock).toBe(next.id);
    expect(await complete()).toEqual(done);
    // The old file opens nothing any more, the new one does.
    const old = { id: lock.id, signer: lock.signing };
    expect(await refused(() => signer.revokeMasterLock(statement(who, old, {})))).toBe('master_lock_unknown');
    await signer.revokeMasterLock(statement(who, { id: next.id, signer: next.signing }, {}));
  });

  it('needs the officers’ quorum, staff who ask, and the customer’s last lock', async () => {
    const { who, lock } = await withLock();
    const other = await withLock(['key-5', 'key-6']);
    expect(await refused(() => signer.startLockRecovery(entitled(who, lock, fresh(), 1)))).toBe(
      'approvals_insufficient',
    );
    const asked = entitled(who, lock, fresh());
    const stranger = {
      ...asked,
      request: { ...asked.request, signature: rsaSigner('key-6').sign(new Uint8Array(32)) },
    };
    expect(await refused(() => signer.startLockRecovery(stranger))).toBe('signature_wrong');
    const exchanged = {
      ...asked,
      intent: {
        ...asked.intent,
        body: {
          ...asked.intent.body,
          identification: { ...asked.intent.body.identification, reference: 'case 18' },
        },
      },
    };
    expect(await refused(() => signer.startLockRecovery(exchanged))).toBe('approval_for_another_intent');
    const foreign = entitled(who, other.lock, fresh());
    expect(await refused(() => signer.startLockRecovery(foreign))).toBe('recovery_refused');
  });

  it.each(['a passkey', 'the old file'])(
    'is stopped by %s, and by a used statement only once',
    async (by) => {
      const { who, lock } = await withLock();
      const { intentHash: subject } = await signer.startLockRecovery(entitled(who, lock, fresh()));
      const credential = by === 'a passkey' ? who.passkey : { id: lock.id, signer: lock.signing };
      const cancel = statement(who, credential, { purpose: 'cancel recovery', subject });
      const stranger = await person();
      const foreign = statement(stranger, stranger.passkey, { purpose: 'cancel recovery', subject });
      expect(await refused(() => signer.cancelLockRecovery(foreign))).toBe('recovery_not_waiting');
      await signer.cancelLockRecovery(cancel);
      scene.clock.advance(15 * DAY);
      expect(await refused(() => signer.completeLockRecovery({ intentHash: subject }))).toBe(
        'recovery_not_waiting',
      );
      expect(await signer.cancelLockRecovery(cancel)).toEqual({});
      const again = statement(who, credential, {
        purpose: 'cancel recovery',
        subject,
        nonce: 'ffeeddccbbaa99887766554433221100',
      });
      expect(await refused(() => signer.cancelLockRecovery(again))).toBe('recovery_not_waiting');
    },
  );

  it('ends when the old file turns up and gives its place away', async () => {
    const { who, lock } = await withLock();
    const { intentHash: hash } = await signer.startLockRecovery(entitled(who, lock, fresh()));
    const next = await lockOf(who, ['key-5', 'key-6'], { id: lock.id, signer: lock.signing });
    const wishes = { replaces: lock.id, previous: lock.signing, signedAt: ago(1) };
    await signer.registerMasterLock({ registration: lockRegistration(next, who.id, wishes) });
    scene.clock.advance(15 * DAY);
    expect(await refused(() => signer.completeLockRecovery({ intentHash: hash }))).toBe(
      'recovery_not_waiting',
    );
  });

  it('is not shortened by whoever writes into the signer’s own tables', async () => {
    const { who, lock } = await withLock();
    const { intentHash: hash } = await signer.startLockRecovery(entitled(who, lock, fresh()));
    const edit = (sign: string): Promise<void> =>
      runAsSuperuser(
        scene.database,
        `UPDATE signer.lock_recovery SET started_at_ms = started_at_ms ${sign} ${15 * DAY} WHERE intent_hash = '${hash}'`,
      );
    await edit('-');
    expect(await refused(() => signer.completeLockRecovery({ intentHash: hash }))).toBe('record_damaged');
    await edit('+');
    expect(await refused(() => signer.completeLockRecovery({ intentHash: hash }))).toBe('recovery_not_due');
    const early = `INSERT INTO signer.lock_recovery_end VALUES ('${hash}', 'completed', ${scene.clock.nowMs()})`;
    await expect(runAsSuperuser(scene.database, early)).rejects.toThrow('the way back takes 14 days');
  });

  it('is not shortened by a clock that was set back when it began', async () => {
    const { who, lock } = await withLock();
    scene.clock.advance(-13 * DAY);
    const started = await signer.startLockRecovery(entitled(who, lock, fresh()));
    scene.clock.advance(13 * DAY + 60_000);
    expect(Date.parse(started.startedAt)).toBeGreaterThan(scene.clock.nowMs() - 10 * 60_000);
    expect(await refused(() => signer.completeLockRecovery({ intentHash: started.intentHash }))).toBe(
      'recovery_not_due',
    );
  });
});
