import { describe, expect, it } from 'vitest';
import {
  checkMasterLockCurrent,
  customerStatementDigest,
  masterLockDigest,
  parseCustomerStatement,
  parseIntent,
  parseMasterLockRegistration,
  ruleFor,
  verifyApprovals,
  verifyCustomerStatement,
  verifyMasterLock,
  type CustomerStatement,
  type MasterLockRegistration,
} from '../../src/intents/index.ts';
import { isDomainError, newId } from '../../src/shared/index.ts';
import { approval, at, institution, NOW } from '../fixtures/intents.ts';
import { lockRegistration, recoveryIntent, testLock } from '../fixtures/master-locks.ts';
import { passkeySigner, rsaSigner } from '../fixtures/signing-keys.ts';

const customer = newId('customer');
const lock = testLock('key-1', 'key-2');
const other = testLock('key-3', 'key-4');

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (thrown) {
    if (isDomainError(thrown)) return thrown.code;
    throw thrown;
  }
  return 'accepted';
}

describe('the registration of a master lock', () => {
  const good = lockRegistration(lock, customer);

  it('proves both private halves', async () => {
    expect(await codeOf(() => verifyMasterLock(good, 'regtest', null))).toBe('accepted');
    expect(parseMasterLockRegistration(JSON.parse(JSON.stringify(good)))).toEqual(good);
  });

  it.each<[string, (registration: MasterLockRegistration) => MasterLockRegistration, string]>([
    [
      'a decryption half that a server put in its place',
      (r) => ({ ...r, statement: { ...r.statement, decryption: other.decryptionSpki } }),
      'signature_wrong',
    ],
    [
      'a signing half that a server put in its place',
      (r) => ({ ...r, statement: { ...r.statement, signing: other.signingSpki } }),
      'signature_wrong',
    ],
    [
      'another customer',
      (r) => ({ ...r, statement: { ...r.statement, customer: newId('customer') } }),
      'signature_wrong',
    ],
    [
      'the two halves exchanged',
      (r) => ({
        ...r,
        statement: { ...r.statement, signing: lock.decryptionSpki, decryption: lock.signingSpki },
      }),
      'signature_wrong',
    ],
    [
      'one proof used twice',
      (r) => ({ ...r, possession: { signing: r.possession.signing, decryption: r.possession.signing } }),
      'signature_wrong',
    ],
    [
      'another network',
      (r) => ({ ...r, statement: { ...r.statement, network: 'signet' } }),
      'intent_wrong_network',
    ],
  ])('is refused with %s', async (_, change, code) => {
    expect(await codeOf(() => verifyMasterLock(change(good), 'regtest', null))).toBe(code);
  });

  it('is refused when one key is to sign and to decrypt', async () => {
    const one = lockRegistration(testLock('key-1', 'key-1'), customer);
    expect(await codeOf(() => verifyMasterLock(one, 'regtest', null))).toBe('master_lock_malformed');
  });

  it('is refused with a key that is too short', async () => {
    const weak = lockRegistration(testLock('key-1', 'weak-2048'), customer);
    expect(await codeOf(() => verifyMasterLock(weak, 'regtest', null))).toBe('signature_key_refused');
  });

  it('takes the place of another only at that one’s word', async () => {
    const own = rsaSigner('key-1').publicKey;
    const silent = lockRegistration(other, customer, { replaces: lock.id });
    expect(await codeOf(() => verifyMasterLock(silent, 'regtest', own))).toBe('master_lock_not_vouched_for');
    const stranger = lockRegistration(other, customer, { replaces: lock.id, previous: rsaSigner('key-5') });
    expect(await codeOf(() => verifyMasterLock(stranger, 'regtest', own))).toBe('signature_wrong');
    const vouched = lockRegistration(other, customer, { replaces: lock.id, previous: rsaSigner('key-1') });
    expect(await codeOf(() => verifyMasterLock(vouched, 'regtest', own))).toBe('accepted');
  });

  it('is of its day', async () => {
    const age = (minutes: number) => codeOf(() => checkMasterLockCurrent(good, NOW + minutes * 60_000));
    expect([await age(0), await age(24 * 60 + 1), await age(-10)]).toEqual([
      'accepted',
      'approval_out_of_time',
      'approval_out_of_time',
    ]);
    const { statement } = good;
    expect(masterLockDigest(statement)).not.toEqual(masterLockDigest({ ...statement, signedAt: at(1) }));
  });
});

describe('the statement of a customer', () => {
  const statement: CustomerStatement['statement'] = {
    purpose: 'unlock',
    network: 'regtest',
    customer,
    credential: lock.id,
    subject: 'rst_01jd1f0v00e008000000000001',
    nonce: '00112233445566778899aabbccddeeff',
    issuedAt: at(-1),
    expiresAt: at(9),
  };
  const key = rsaSigner('key-1');
  const expected = { purpose: 'unlock', network: 'regtest', customer, subject: statement.subject } as const;
  const signed = (change: Partial<CustomerStatement['statement']> = {}, by = key): CustomerStatement => {
    const changed = { ...statement, ...change };
    return { statement: changed, signature: by.sign(customerStatementDigest(changed)) };
  };
  const attempt = (value: CustomerStatement, nowMs = NOW) =>
    codeOf(() => verifyCustomerStatement(value, expected, key.publicKey, nowMs));

  it('is accepted for its purpose, in its time', async () => {
    expect(await attempt(signed())).toBe('accepted');
    const one = signed();
    expect(parseCustomerStatement(JSON.parse(JSON.stringify(one)))).toEqual(one);
  });

  it.each<[string, Partial<CustomerStatement['statement']>, string]>([
    ['for another purpose', { purpose: 'deep freeze' }, 'statement_for_another_purpose'],
    ['of another customer', { customer: newId('customer') }, 'statement_for_another_purpose'],
    ['about something else', { subject: newId('restriction') }, 'statement_for_another_purpose'],
    ['for another network', { network: 'mainnet' }, 'statement_for_another_purpose'],
    ['that has expired', { expiresAt: at(0) }, 'statement_out_of_time'],
    ['from the future', { issuedAt: at(6) }, 'statement_out_of_time'],
    ['that would live too long', { expiresAt: at(24 * 60) }, 'statement_out_of_time'],
  ])('is refused %s', async (_, change, code) => {
    expect(await attempt(signed(change))).toBe(code);
  });

  it('is refused with a word changed after it was signed, or signed by another', async () => {
    expect(await attempt({ ...signed(), statement: { ...statement, nonce: 'f'.repeat(32) } })).toBe(
      'signature_wrong',
    );
    expect(await attempt(signed({}, rsaSigner('key-2')))).toBe('signature_wrong');
    expect(await codeOf(() => parseCustomerStatement({ ...signed(), extra: 1 }))).toBe('statement_malformed');
  });
});

describe('the intent of a recovery', () => {
  const house = institution();
  const lost = newId('credential');
  const staff = newId('staff');
  const intent = recoveryIntent(lockRegistration(lock, customer, { replaces: lost }), { requester: staff });
  const officers = house.officers.map((officer) => approval(intent, officer));

  it('is approved by the officers’ quorum, and by nobody else', async () => {
    const { people } = await verifyApprovals(intent, officers.slice(0, 2), house.manifest, NOW);
    expect(people).toEqual(['officer 1', 'officer 2']);
    expect(ruleFor(intent, house.manifest)).toMatchObject({ approvals: 2, roles: ['officer'] });
    const compliance = house.approvers.map((approver) => approval(intent, approver));
    const attempts = [officers.slice(0, 1), [officers[0]!, officers[0]!], compliance];
    const codes = await Promise.all(
      attempts.map((given) => codeOf(() => verifyApprovals(intent, given, house.manifest, NOW))),
    );
    expect(codes).toEqual(['approvals_insufficient', 'approvals_insufficient', 'approver_unknown']);
  });

  it('is not approved by the officer who asks for it', async () => {
    const asking = house.officers[0]!;
    const own = recoveryIntent(lockRegistration(lock, customer, { replaces: lost }), {
      requester: asking.id,
    });
    const given = house.officers.slice(0, 2).map((officer) => approval(own, officer));
    expect(await codeOf(() => verifyApprovals(own, given, house.manifest, NOW))).toBe(
      'approver_is_requester',
    );
  });

  it('is for the lost lock of the same customer', async () => {
    const registration = lockRegistration(lock, customer, { replaces: lost });
    const strange = recoveryIntent(registration, { body: { customer: newId('customer') } });
    const unrelated = recoveryIntent(registration, { body: { lost: newId('credential') } });
    expect(await codeOf(() => parseIntent(strange))).toBe('intent_malformed');
    expect(await codeOf(() => parseIntent(unrelated))).toBe('intent_malformed');
    expect(await codeOf(() => parseIntent(intent))).toBe('accepted');
  });
});

it('a passkey is no master lock', async () => {
  const registration = lockRegistration(other, customer, { replaces: lock.id, previous: rsaSigner('key-1') });
  expect(await codeOf(() => verifyMasterLock(registration, 'regtest', passkeySigner().publicKey))).toBe(
    'master_lock_not_vouched_for',
  );
});
