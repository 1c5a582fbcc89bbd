import { inTransaction } from '../../src/database/index.ts';
import { settleRestrictions } from '../../src/freeze/index.ts';
import { imposeRestriction } from '../../src/freeze/impose-restriction.ts';
import { requestRelease } from '../../src/freeze/request-release.ts';
import { findRestriction } from '../../src/freeze/restriction-store.ts';
import type { Restriction, RestrictionId } from '../../src/freeze/restriction.ts';
import { unlockRestriction } from '../../src/freeze/unlock-restriction.ts';
import {
  credentialPinDigest,
  intentHash,
  makeCustomerStatement,
  statementDigest,
  type CredentialPin,
  type CustomerPurpose,
  type CustomerStatement,
  type Intent,
  type RestrictionKind,
} from '../../src/intents/index.ts';
import { freezingSigner } from '../../src/main/roles/freezing-signer.ts';
import { isoTime, newId, parseId, type CustomerId, type StaffId } from '../../src/shared/index.ts';
import { hasUnfinishedTransfers } from '../../src/transfers/index.ts';
import { vaultWalletsOf } from '../../src/wallets/index.ts';
import { withdrawalsBeyondRecall } from '../../src/withdrawals/index.ts';
import type { TestCustomer } from '../fixtures/custody.ts';
import { lockRegistration, testLock, type TestLock } from '../fixtures/master-locks.ts';
import { SOMEBODY, type House } from '../withdrawals/support/house.ts';

type SettleParts = Parameters<typeof settleRestrictions>[0];

/** Officers at work in a house that pays out: they impose, ask, approve, and the worker carries it on. */
export class FrozenHouse {
  readonly house: House;
  readonly parts: SettleParts;

  constructor(house: House) {
    this.house = house;
    const { database, clock, ledger, queue } = { ...house.parts, ledger: house.chain.house.ledger };
    const { signers: signer } = house.chain.house;
    this.parts = {
      ...{ database, clock, ledger, queue },
      vaultsOf: vaultWalletsOf,
      hasUnbooked: hasUnfinishedTransfers,
      beyondRecall: withdrawalsBeyondRecall,
      signer: freezingSigner(signer),
    };
  }

  get officers(): readonly { readonly id: StaffId }[] {
    return this.house.chain.house.scene.house.house.approvers;
  }

  /** A case, not acknowledged by anybody yet. */
  async impose(
    customer: CustomerId,
    openedBy: StaffId | CustomerId = newId('staff'),
    kind: RestrictionKind = 'case',
  ): Promise<RestrictionId> {
    this.house.chain.house.scene.clock.advance(1_000);
    const id = newId('restriction');
    const texts = {
      publicText: 'Please call us.',
      restrictedText: 'a hint',
      reviewAt: new Date(Date.now() + 86_400_000),
    };
    const it = { id, customer, kind, reasonCode: 'account_takeover', openedBy, ...texts } as const;
    await inTransaction(this.house.database, (tx) =>
      imposeRestriction(tx, this.house.parts.clock, it, SOMEBODY),
    );
    return id;
  }

  /** A lock that a customer imposes, in force. */
  async locked(customer: CustomerId, kind: RestrictionKind): Promise<RestrictionId> {
    const id = await this.impose(customer, customer, kind);
    await this.settle();
    return id;
  }

  /** The customer's master lock, pinned in the signer. */
  async giveMasterLock({ id: customer, credential, signer: by }: TestCustomer): Promise<TestLock> {
    const { signer, scene } = this.house.chain.house;
    const lock = testLock('key-1', 'key-2');
    const signedAt = isoTime(scene.clock.nowMs());
    const statement: CredentialPin['statement'] = {
      ...{ purpose: 'pin credential', network: 'regtest', customer, signedBy: credential, signedAt },
      credential: { id: lock.id, publicKey: lock.signing.publicKey },
    };
    await signer.pinCredential({ statement, signature: by.sign(credentialPinDigest(statement)) });
    await signer.registerMasterLock({ registration: lockRegistration(lock, customer, { signedAt }) });
    return lock;
  }

  /** A statement that unlocks, by whatever key. */
  async statement(
    customer: CustomerId,
    subject: RestrictionId | CustomerId,
    by: Pick<TestLock, 'id' | 'signing'>,
    purpose: CustomerPurpose = 'unlock',
  ): Promise<CustomerStatement> {
    this.house.chain.house.scene.clock.advance(1_000);
    const { id, signing } = by;
    return await makeCustomerStatement(
      { purpose, network: 'regtest', customer, subject },
      { id, publicKey: signing.publicKey, sign: (digest) => Promise.resolve(signing.sign(digest)) },
      this.house.parts.clock.nowMs(),
    );
  }

  async unlock(restriction: RestrictionId, statement: CustomerStatement): Promise<void> {
    const { database, parts } = this.house;
    await inTransaction(database, (tx) =>
      unlockRestriction(tx, parts.clock, { restriction, statement }, SOMEBODY),
    );
    await this.settle();
  }

  /** The worker's steps, until nothing is due. */
  async settle(): Promise<void> {
    for (let step = 0; step < 50; step++) if ((await settleRestrictions(this.parts)) === 0) return;
    throw new Error('the steps do not end');
  }

  async frozen(customer: CustomerId): Promise<RestrictionId> {
    const id = await this.impose(customer);
    await this.settle();
    return id;
  }

  read(id: RestrictionId): Promise<Restriction> {
    return findRestriction(this.house.database, id);
  }

  /** A release that one officer asks for and signs. */
  async ask(restriction: RestrictionId, by = 0): Promise<Intent> {
    this.house.chain.house.scene.clock.advance(1_000);
    const { clock, queue } = this.house.parts;
    const officer = this.house.chain.house.scene.house.house.approvers[by]!;
    const asked = {
      ...{ intent: newId('intent'), restriction, requester: officer.id },
      reason: 'They came in person.',
    };
    const parts = { database: this.house.database, clock, queue };
    const { intent } = await inTransaction(this.house.database, (tx) =>
      requestRelease(parts, tx, asked, SOMEBODY),
    );
    await this.signRequest(intent, by);
    return intent;
  }

  /** Whoever asks signs. */
  async signRequest(intent: Intent, by: number): Promise<void> {
    const { clock, queue } = this.house.parts;
    const officer = this.house.chain.house.scene.house.house.approvers[by]!;
    await inTransaction(this.house.database, async (tx) => {
      const statement = {
        purpose: 'request' as const,
        intentHash: intentHash(intent),
        credential: officer.id,
        signedAt: isoTime(clock.nowMs()),
      };
      const request = { statement, signature: officer.signer.sign(statementDigest(statement)) };
      await queue.sign(tx, parseId('intent', intent.id), request, SOMEBODY);
    });
  }

  /** Asked for by one officer, approved by another, and carried out. */
  async release(restriction: RestrictionId): Promise<void> {
    const intent = await this.ask(restriction);
    await this.house.judge(intent, 1);
    await this.settle();
  }
}
