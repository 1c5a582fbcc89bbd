import { ApprovalQueue } from '../../src/approvals/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import {
  credentialPinDigest,
  customerStatementDigest,
  intentHash,
  statementDigest,
  type Approval,
  type CredentialPin,
  type CustomerStatement,
} from '../../src/intents/index.ts';
import { stepLockRecoveries, stepMasterLocks, type RecoveryStepParts } from '../../src/locks/index.ts';
import { findRecovery } from '../../src/locks/lock-recovery-store.ts';
import type { LockRecovery } from '../../src/locks/lock-recovery.ts';
import { findLock } from '../../src/locks/master-lock-store.ts';
import type { MasterLockRecord } from '../../src/locks/master-lock.ts';
import { registerMasterLock } from '../../src/locks/register-master-lock.ts';
import { cancelLockRecovery, requestLockRecovery } from '../../src/locks/request-lock-recovery.ts';
import { revokeMasterLock } from '../../src/locks/revoke-master-lock.ts';
import { PolicyInForce } from '../../src/policy/index.ts';
import { isoTime, newId, parseId, type CredentialId, type IntentId } from '../../src/shared/index.ts';
import { stepWallets } from '../../src/wallets/index.ts';
import type { TestCustomer } from '../fixtures/custody.ts';
import { lockRegistration, testLock, type LockWishes, type TestLock } from '../fixtures/master-locks.ts';
import type { TestSigner } from '../fixtures/signing-keys.ts';
import { TEST_CAUSE, type CustodyHouse } from '../wallets/custody-house.ts';

export interface Credential {
  readonly id: string;
  readonly signer: TestSigner;
}

/** Customers with master locks in a house whose signer runs. */
export class LockedHouse {
  readonly house: CustodyHouse;
  readonly parts: RecoveryStepParts;

  constructor(house: CustodyHouse) {
    this.house = house;
    const { database, signer, scene } = house;
    const queue = new ApprovalQueue({
      clock: scene.clock,
      network: 'regtest',
      manifest: () => Promise.resolve(scene.house.manifest),
      policy: new PolicyInForce({ clock: scene.clock }),
      credentialsOf: () => Promise.resolve(new Map()),
      kinds: new Map([['master_lock_recovery', {}]]),
    });
    this.parts = { database, clock: scene.clock, network: 'regtest', signer, queue };
  }

  now(minutes = 0): string {
    return isoTime(this.house.scene.clock.nowMs() + minutes * 60_000);
  }

  /** The pin that makes a lock's signing half a credential of the customer. */
  pin(customer: TestCustomer, lock: TestLock, by: Credential): CredentialPin {
    const statement: CredentialPin['statement'] = {
      purpose: 'pin credential',
      network: 'regtest',
      customer: customer.id,
      credential: { id: lock.id, publicKey: lock.signing.publicKey },
      signedBy: by.id,
      signedAt: this.now(-1),
    };
    return { statement, signature: by.signer.sign(credentialPinDigest(statement)) };
  }

  /** What a customer hands in, vouched for by their first credential unless told. */
  document(customer: TestCustomer, lock: TestLock, wishes: LockWishes & { readonly by?: Credential } = {}) {
    const by = wishes.by ?? { id: customer.credential, signer: customer.signer };
    const registration = lockRegistration(lock, customer.id, { signedAt: this.now(-1), ...wishes });
    return { registration, pin: this.pin(customer, lock, by), label: 'in the safe' };
  }

  async register(customer: TestCustomer, document: Parameters<typeof registerMasterLock>[3]): Promise<void> {
    await inTransaction(this.house.database, (tx) =>
      registerMasterLock(tx, this.parts, customer.id, document, TEST_CAUSE),
    );
  }

  /** The worker's turn. */
  async carryOn(): Promise<void> {
    while ((await stepWallets(this.house.parts)) > 0);
    while ((await stepMasterLocks(this.parts)) > 0);
    while ((await stepLockRecoveries(this.parts)) > 0);
  }

  async locked(keys: readonly [string, string] = ['key-1', 'key-2']) {
    const customer = await this.house.customer();
    const lock = testLock(...keys);
    await this.register(customer, this.document(customer, lock));
    await this.carryOn();
    return { customer, lock, own: { id: lock.id, signer: lock.signing } };
  }

  read(lock: { readonly id: string }): Promise<MasterLockRecord> {
    return findLock(this.house.database, parseId('credential', lock.id));
  }

  statement(
    customer: TestCustomer,
    by: Credential,
    words: Pick<CustomerStatement['statement'], 'purpose' | 'subject'> &
      Partial<CustomerStatement['statement']>,
  ): CustomerStatement {
    const statement: CustomerStatement['statement'] = {
      network: 'regtest',
      customer: customer.id,
      credential: by.id,
      nonce: '00112233445566778899aabbccddeeff',
      issuedAt: this.now(-1),
      expiresAt: this.now(10),
      ...words,
    };
    return { statement, signature: by.signer.sign(customerStatementDigest(statement)) };
  }

  async revoke(customer: TestCustomer, id: CredentialId, document: unknown): Promise<void> {
    await inTransaction(this.house.database, (tx) =>
      revokeMasterLock(tx, this.parts, { customer: customer.id, id }, document, TEST_CAUSE),
    );
  }

  get people() {
    const { approvers, officers } = this.house.scene.house.house;
    return { staff: approvers[0]!, officers };
  }

  /** Staff ask for a new lock in place of a lost one, and sign that. */
  async askRecovery(customer: TestCustomer, lost: TestLock, next: TestLock): Promise<IntentId> {
    const { staff } = this.people;
    const { database } = this.house;
    const registration = lockRegistration(next, customer.id, {
      replaces: lost.id,
      signedAt: this.now(-30),
    });
    const checkedAt = new Date(this.now(-20));
    const identification = { method: 'passport at the counter', reference: 'case 17', checkedAt };
    const id = newId('intent');
    const wish = { intent: id, requester: parseId('staff', staff.id), registration, identification };
    const { intent } = await inTransaction(database, (tx) =>
      requestLockRecovery(this.parts, tx, wish, TEST_CAUSE),
    );
    const statement = {
      purpose: 'request' as const,
      intentHash: intentHash(intent),
      credential: staff.id,
      signedAt: this.now(),
    };
    const request = { statement, signature: staff.signer.sign(statementDigest(statement)) };
    await inTransaction(database, (tx) => this.parts.queue.sign(tx, id, request, TEST_CAUSE));
    return id;
  }

  /** One officer says yes. */
  async approve(id: IntentId, officer: { readonly id: string; readonly signer: TestSigner }): Promise<void> {
    await inTransaction(this.house.database, async (tx) => {
      const { hash } = await this.parts.queue.lock(tx, id);
      const statement: Approval['statement'] = {
        purpose: 'approval',
        intentHash: hash,
        decision: 'approve',
        approver: officer.id,
        signedAt: this.now(),
      };
      const approval = { statement, signature: officer.signer.sign(statementDigest(statement)) };
      await this.parts.queue.judge(tx, id, approval, officer.id, TEST_CAUSE);
    });
  }

  /** The way back has begun: staff asked, two officers approved, the signer's 14 days run. */
  async recovering(customer: TestCustomer, lost: TestLock, next: TestLock): Promise<IntentId> {
    const id = await this.askRecovery(customer, lost, next);
    for (const officer of this.people.officers.slice(0, 2)) await this.approve(id, officer);
    await this.carryOn();
    return id;
  }

  recovery(id: IntentId): Promise<LockRecovery> {
    return findRecovery(this.house.database, id);
  }

  async object(customer: TestCustomer, by: Credential, id: IntentId): Promise<void> {
    const { hash: subject } = await this.recovery(id);
    const statement = this.statement(customer, by, { purpose: 'cancel recovery', subject });
    await inTransaction(this.house.database, (tx) =>
      cancelLockRecovery(this.parts, tx, { customer: customer.id, intent: id }, statement, TEST_CAUSE),
    );
  }

  /** Types of the events about something, oldest first. */
  async events(subject: string): Promise<string[]> {
    const rows = await this.house.database.outboxEvent.findMany({
      where: { subject },
      orderBy: { id: 'asc' },
    });
    return rows.map(({ type }) => type);
  }
}

export async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'done';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}
