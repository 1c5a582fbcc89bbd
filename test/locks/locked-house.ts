import { inTransaction } from '../../src/database/index.ts';
import {
  credentialPinDigest,
  customerStatementDigest,
  type CredentialPin,
  type CustomerStatement,
} from '../../src/intents/index.ts';
import { stepMasterLocks, type LockStepParts } from '../../src/locks/index.ts';
import { findLock } from '../../src/locks/master-lock-store.ts';
import type { MasterLockRecord } from '../../src/locks/master-lock.ts';
import { registerMasterLock } from '../../src/locks/register-master-lock.ts';
import { revokeMasterLock } from '../../src/locks/revoke-master-lock.ts';
import { isoTime, parseId, type CredentialId } from '../../src/shared/index.ts';
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
  readonly parts: LockStepParts;

  constructor(house: CustodyHouse) {
    this.house = house;
    const { database, signer, scene } = house;
    this.parts = { database, clock: scene.clock, network: 'regtest', signer };
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
