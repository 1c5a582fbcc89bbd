import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import {
  customerStatementDigest,
  intentHash,
  statementDigest,
  type Approval,
  type CustomerStatement,
  type RequestSignature,
} from '../../src/intents/index.ts';
import { isoTime } from '../../src/shared/index.ts';
import { changeLock, registerWallet } from '../../src/station/index.ts';
import { credentialsFor } from '../../src/station/credentials.ts';
import { pinnedWallet } from '../../src/station/wallets.ts';
import { registeredWallet, type TestWallet } from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';
import { lockRegistration, recoveryIntent, testLock } from '../fixtures/master-locks.ts';
import { rsaSigner } from '../fixtures/signing-keys.ts';
import { stationHouse, temporaryRoot, type StationHouse } from './offices.ts';

const DAY_MS = 24 * 3_600_000;
let root: string;
let all: StationHouse;
let wallet: TestWallet;

// The station reads its machine's clock.
beforeAll(() => vi.useFakeTimers({ now: NOW, toFake: ['Date'] }));
afterAll(() => vi.useRealTimers());
beforeEach(async () => {
  vi.setSystemTime(NOW);
  root = await temporaryRoot();
  all = await stationHouse(root, 1);
  wallet = registeredWallet(all.house, 'vault', { keys: { cold: all.keys[0]! } });
  await registerWallet(all.station, wallet);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const owner = () => all.house.customers[0];
const lock = () => testLock('key-1', 'key-2', owner().credential);

async function known(): Promise<string[]> {
  const pinned = await pinnedWallet(all.station, wallet.id);
  return [...(await credentialsFor(all.station, pinned, owner().id)).keys()];
}

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'done';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

function revocation(by: string): CustomerStatement {
  const { credential } = owner();
  const statement: CustomerStatement['statement'] = {
    ...{ purpose: 'revoke master lock', network: 'regtest', customer: owner().id },
    ...{ credential, subject: credential, nonce: '00112233445566778899aabbccddeeff' },
    ...{ issuedAt: isoTime(NOW), expiresAt: isoTime(NOW + 60_000) },
  };
  return { statement, signature: rsaSigner(by).sign(customerStatementDigest(statement)) };
}

/** Staff asked, and so many officers approved. */
function recovery(officers: number) {
  const { house } = all.house;
  const next = testLock('key-3', 'key-4');
  const registration = lockRegistration(next, owner().id, { replaces: owner().credential });
  const staff = house.approvers[0]!;
  const intent = recoveryIntent(registration, { requester: staff.id });
  const hash = intentHash(intent);
  const signedAt = isoTime(NOW - 60_000);
  const asked: RequestSignature['statement'] = {
    ...{ purpose: 'request', intentHash: hash, credential: staff.id, signedAt },
  };
  const request = { statement: asked, signature: staff.signer.sign(statementDigest(asked)) };
  const approvals = house.officers.slice(0, officers).map((officer): Approval => {
    const words: Approval['statement'] = {
      ...{ purpose: 'approval', intentHash: hash, decision: 'approve', approver: officer.id, signedAt },
    };
    return { statement: words, signature: officer.signer.sign(statementDigest(words)) };
  });
  return { next, document: { intent, request, approvals, state: 'executed' } };
}

it('ends a lock at its own word, also when that is older than a day, and at no other', async () => {
  expect(await known()).toContain(owner().credential);
  expect(await codeOf(() => changeLock(all.station, revocation('key-6')))).toBe('signature_wrong');
  expect(await known()).toContain(owner().credential);
  vi.setSystemTime(NOW + 3 * DAY_MS);
  expect(await changeLock(all.station, revocation('key-1'))).toMatchObject({ change: 'revoked' });
  expect(await known()).not.toContain(owner().credential);
});

it('ends a lock that signed for another in its place', async () => {
  const next = testLock('key-3', 'key-4');
  const silent = lockRegistration(next, owner().id, { replaces: owner().credential });
  expect(await codeOf(() => changeLock(all.station, { registration: silent }))).toBe(
    'master_lock_not_vouched_for',
  );
  const vouched = { replaces: owner().credential, previous: lock().signing };
  const registration = lockRegistration(next, owner().id, vouched);
  expect(await changeLock(all.station, { registration })).toMatchObject({ change: 'replaced' });
  expect(await known()).not.toContain(owner().credential);
});

it('takes a lock that the officers’ quorum gave back, 14 days later', async () => {
  const { next, document } = recovery(2);
  expect(await codeOf(() => changeLock(all.station, document))).toBe('recovery_not_due');
  vi.setSystemTime(NOW + 14 * DAY_MS);
  expect(await codeOf(() => changeLock(all.station, recovery(1).document))).toBe('approvals_insufficient');
  expect(await changeLock(all.station, document)).toMatchObject({ change: 'recovered' });
  const after = await known();
  expect(after).toContain(next.id);
  expect(after).not.toContain(owner().credential);
});
