import {
  parsePsbtBase64,
  psbtToBase64,
  signPsbt,
  systemRandom,
  type RandomSource,
} from '../../../src/bitcoin/index.ts';
import { ApprovalQueue, findIntent, type QueueActor } from '../../../src/approvals/index.ts';
import { inTransaction, type Database } from '../../../src/database/index.ts';
import {
  intentHash,
  statementDigest,
  type Approval,
  type Intent,
  type WithdrawalIntent,
  withdrawalIntentOf,
  type PublicKey,
  type RequestSignature,
  type SigningBundle,
} from '../../../src/intents/index.ts';
import { accountId, type PurposeName } from '../../../src/ledger/client/index.ts';
import { PolicyInForce } from '../../../src/policy/index.ts';
import type { PolicyDocument } from '../../../src/policy/policy-document-contract.ts';
import {
  idToUuid,
  isoTime,
  newId,
  parseId,
  satoshis,
  type CustomerId,
  type WalletId,
  type WithdrawalId,
} from '../../../src/shared/index.ts';
import { signingCredentialsOf, type Wallet } from '../../../src/wallets/index.ts';
import {
  awaitedBundles,
  importBundle,
  ownWallets,
  requestWithdrawal,
  stepWithdrawals,
  type Batching,
  type StepParts,
  type WithdrawalRequest,
} from '../../../src/withdrawals/index.ts';
import { attestedKey, type AttestedKey, type TestCustomer } from '../../fixtures/custody.ts';
import { ChainHouse, type ColdStation } from '../../wallets/custody-house.ts';

const BTC = 1;
export const SOMEBODY: QueueActor = { actor: { kind: 'anonymous' }, strength: 'none' };
/** P2WPKH of nobody. */
export const PAYEE = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

/** Up to a hundredth of a bitcoin the manifest decides, up to half a bitcoin two people and an hour, and no more. */
export const POLICY: PolicyDocument = {
  format: 1,
  title: 'The house of the tests',
  loosening: { delayHours: 24 },
  addressBook: { coolingOffHours: 24 },
  lists: [],
  rules: [
    {
      name: 'listed',
      because: 'The destination is blocked or sanctioned.',
      when: { destination: { reputation: ['blocked', 'sanctioned'] } },
      then: { outcome: 'deny' },
    },
    {
      name: 'small',
      because: 'It is little.',
      when: { amountSatoshis: { upTo: '1000000' } },
      then: { outcome: 'allow' },
    },
    {
      name: 'large',
      because: 'It is much.',
      when: { amountSatoshis: { upTo: '50000000' } },
      then: { outcome: 'approvals', approvals: 2, roles: ['compliance', 'officer'], delayMinutes: 60 },
    },
  ],
};

/** Chance, but no lock time is set back (one in ten is): whether a shorter chain drops a payout is known. */
const NEVER_BACKDATED: RandomSource = {
  uint32: () => {
    const drawn = systemRandom.uint32();
    return drawn % 10 === 0 ? drawn + 1 : drawn;
  },
};

export interface Owner {
  readonly customer: TestCustomer;
  readonly vault: Wallet;
}

/** What a withdrawal asks for; from the vault unless told. */
export type Wish = Partial<WithdrawalRequest> & Pick<WithdrawalRequest, 'to'>;

/** An institution that pays out: real node, ledger, database and signer; this process is worker and station. */
export class House {
  readonly chain: ChainHouse;
  readonly parts: StepParts;
  readonly policy: PolicyInForce;
  readonly treasury: Wallet;
  /** What went wrong in steps, newest last. */
  readonly failures: unknown[] = [];
  /** Whether the cosigner signs dearer variants too, as a station does, or the first alone, as a hardware wallet. */
  signsVariants = false;
  readonly #customersKeys = new Map<WalletId, AttestedKey>();

  /** Each withdrawal has its own transaction unless told. */
  static async open(
    station?: ColdStation,
    batching: Batching = { waitMs: 0, size: 1 },
    nodeSettings?: string,
    twoSigners = false,
  ): Promise<House> {
    const chain = await ChainHouse.open(station, nodeSettings, twoSigners);
    return new House(chain, await chain.house.treasury(), batching);
  }

  private constructor(chain: ChainHouse, treasury: Wallet, batching: Batching) {
    const { house, node } = chain;
    const { database, ledger, parts, signers, second, scene } = house;
    const { clock } = scene;
    const manifest = () => Promise.resolve(scene.house.manifest);
    const credentialsOf = async (id: CustomerId): Promise<ReadonlyMap<string, PublicKey>> =>
      new Map(
        (await signingCredentialsOf(database, id))
          .filter(({ pinnedAt }) => pinnedAt !== null)
          .map((key) => [key.id, key.publicKey]),
      );
    const policy = new PolicyInForce({ clock, initial: POLICY });
    this.chain = chain;
    this.policy = policy;
    this.treasury = treasury;
    this.parts = {
      ...{ database, ledger, clock, node },
      network: 'regtest',
      queue: new ApprovalQueue({
        ...{ clock, network: 'regtest', manifest, policy, credentialsOf },
        kinds: new Map([
          ['withdrawal', {}],
          ['release', {}],
          ['policy_change', {}],
          ['deep_freeze', {}],
          ['breaker_reset', {}],
          ['treasury_move', {}],
          ['key_rotation', {}],
        ]),
      }),
      wallets: ownWallets({ ...parts, node }),
      trust: { manifest, credentialsOf },
      cosigner: {
        sign: (bundle) => signers.sign({ bundle }),
        abandon: (txid, reason) => signers.abandon({ txid, reason }),
        revoke: (hash, reason) => signers.revoke({ intentHash: hash, reason }),
        pair: second && {
          cosign: (bundle) => signers.cosign({ bundle }),
          complete: (bundle) => second.client.sign({ bundle }),
        },
      },
      random: NEVER_BACKDATED,
      batching,
      raiseAfterMs: 3_600_000,
      coldWindows: null,
    };
  }

  get database(): Database {
    return this.chain.house.database;
  }

  close(): Promise<void> {
    return this.chain.close();
  }

  /** A customer with an open vault. */
  async owner(plan: 'custodial' | 'collaborative' = 'custodial'): Promise<Owner> {
    const { house } = this.chain;
    if (plan === 'custodial') {
      const { customer, wallet } = await house.vault();
      return { customer, vault: wallet };
    }
    const customer = await house.customer();
    await house.stock(1);
    const key = attestedKey(`key of ${customer.id}`, 'customer', customer.signer);
    const vault = await house.opened(await house.request(customer.id, plan, key.attestation));
    this.#customersKeys.set(vault.id, key);
    return { customer, vault };
  }

  /** Coins arrive and are credited. */
  async deposit(
    { customer, vault }: Owner,
    balance: 'vault' | 'spending',
    ...amounts: bigint[]
  ): Promise<void> {
    const wallet = balance === 'vault' ? vault.id : this.treasury.id;
    for (const amount of amounts) {
      const { address } = await this.chain.house.give(wallet, customer.id);
      await this.chain.pay(address, amount);
    }
    await this.mine(6);
  }

  /** Blocks come, are followed, and what they bring is booked. */
  async mine(blocks = 1): Promise<void> {
    await this.chain.mine(blocks);
  }

  /** A balance on the account's own side, and what of it is available. */
  async balance(
    purpose: PurposeName,
    owner: CustomerId | WalletId,
  ): Promise<{ posted: bigint; available: bigint }> {
    const { value } = await this.chain.house.ledger.accounts([accountId(purpose, BTC, owner)]);
    const account = value[0]!;
    const credit = account.creditsPosted - account.debitsPosted;
    return { posted: credit < 0n ? -credit : credit, available: account.available };
  }

  /** Asks for a withdrawal; unsigned. */
  async ask({ customer }: Owner, wish: Wish): Promise<{ id: WithdrawalId; intent: WithdrawalIntent }> {
    const ids = { withdrawal: newId('withdrawal'), intent: newId('intent') };
    const usual = { balance: 'vault' as const, maxFee: satoshis(20_000n), lifetimeMs: 86_400_000 };
    const request = { customer: customer.id, ...usual, ...wish };
    const { stored } = await inTransaction(this.database, (tx) =>
      requestWithdrawal(this.parts, tx, ids, request, SOMEBODY),
    );
    return { id: ids.withdrawal, intent: withdrawalIntentOf(stored.intent) };
  }

  signatureOf({ customer }: Owner, intent: Intent): RequestSignature {
    const { credential, signer } = customer;
    const signedAt = isoTime(this.parts.clock.nowMs());
    const statement = { purpose: 'request' as const, intentHash: intentHash(intent), credential, signedAt };
    return { statement, signature: signer.sign(statementDigest(statement)) };
  }

  async sign(owner: Owner, intent: Intent): Promise<void> {
    const request = this.signatureOf(owner, intent);
    await inTransaction(this.database, (tx) =>
      this.parts.queue.sign(tx, parseId('intent', intent.id), request, SOMEBODY),
    );
  }

  approvalBy(intent: Intent, approver = 0, decision: 'approve' | 'reject' = 'approve'): Approval {
    const { id, signer } = this.chain.house.scene.house.house.approvers[approver]!;
    const statement: Approval['statement'] = {
      ...{ purpose: 'approval', intentHash: intentHash(intent), decision, approver: id },
      signedAt: isoTime(this.parts.clock.nowMs()),
      ...(decision === 'reject' ? { reason: 'not today' } : {}),
    };
    return { statement, signature: signer.sign(statementDigest(statement)) };
  }

  async judge(intent: Intent, approver = 0, decision: 'approve' | 'reject' = 'approve'): Promise<void> {
    const approval = this.approvalBy(intent, approver, decision);
    await this.submitWord(intent, approval, approval.statement.approver);
  }

  async submitWord(intent: Intent, approval: Approval, by: string): Promise<void> {
    const id = parseId('intent', intent.id);
    await inTransaction(this.database, (tx) => this.parts.queue.judge(tx, id, approval, by, SOMEBODY));
  }

  /** What people have signed of an intent. */
  async entitlement(
    intent: Intent,
  ): Promise<Pick<SigningBundle['intents'][number], 'request' | 'approvals'>> {
    const id = parseId('intent', intent.id);
    const { request, approvals } = await inTransaction(this.database, (tx) => findIntent(tx, id));
    return { request, approvals: [...approvals] };
  }

  async cancel(intent: Intent): Promise<void> {
    await inTransaction(this.database, (tx) =>
      this.parts.queue.cancel(tx, parseId('intent', intent.id), SOMEBODY, 'changed my mind'),
    );
  }

  /** Steps until nothing is due, or one fails. */
  async settle(parts: StepParts = this.parts): Promise<void> {
    const before = this.failures.length;
    for (let step = 0; step < 2_000; step++) {
      if ((await stepWithdrawals(parts, (thrown) => this.failures.push(thrown))) === 0) return;
      if (this.failures.length > before) return;
    }
    throw new Error('the steps do not end');
  }

  /** As `settle`, and no step may fail. */
  async carryOn(): Promise<void> {
    const before = this.failures.length;
    await this.settle();
    if (this.failures.length > before) throw this.failures.at(-1);
  }

  /** Time passes, for whatever looks again later. */
  async later(ms = 60_000): Promise<void> {
    this.chain.house.scene.clock.advance(ms);
    await this.carryOn();
  }

  async row(id: WithdrawalId) {
    return await this.database.withdrawal.findUniqueOrThrow({
      where: { id: idToUuid(id) },
      include: { payout: { include: { transactions: { orderBy: { number: 'asc' } }, inputs: true } } },
    });
  }

  async state(id: WithdrawalId): Promise<string> {
    return (await this.row(id)).state;
  }

  intentState(intent: Intent): Promise<string> {
    return inTransaction(
      this.database,
      async (tx) => (await findIntent(tx, parseId('intent', intent.id))).state,
    );
  }

  /** Everything that waits is signed by its cosigner. @returns how much did. */
  async cosign(): Promise<number> {
    const awaited = await awaitedBundles(this.parts, {
      onDamaged: (_, thrown) => this.failures.push(thrown),
    });
    for (const { bundle } of awaited)
      await importBundle(this.parts, await this.signedBundle(bundle), SOMEBODY);
    return awaited.length;
  }

  /** A bundle as its cosigner hands it back: the cold station's, or the customer's own key. */
  async signedBundle(bundle: SigningBundle): Promise<SigningBundle> {
    const id = parseId('wallet', bundle.wallet);
    const wallet = await inTransaction(this.database, (tx) => this.parts.wallets.wallet(tx, id));
    const own = this.#customersKeys.get(id);
    const cold = this.chain.house.poolKeys.find(
      ({ accountKey, attestation }) =>
        attestation.statement.role === 'cold' &&
        wallet!.descriptor.keys.some(({ xpub }) => xpub.text === accountKey.xpub.text),
    );
    const { accountKey } = (own ?? cold)!;
    const signed = (psbt: string): string =>
      psbtToBase64(signPsbt(parsePsbtBase64(psbt), accountKey, wallet!.descriptor));
    const { variants, ...first } = bundle;
    const all = this.signsVariants && variants ? { variants: variants.map(signed) } : {};
    return { ...first, psbt: signed(bundle.psbt), ...all };
  }

  /** Asked for, signed, approved, and built: it waits for the cosigner. */
  async awaitingCosigner(owner: Owner, wish: Wish): Promise<{ id: WithdrawalId; intent: WithdrawalIntent }> {
    const asked = await this.ask(owner, wish);
    await this.sign(owner, asked.intent);
    await this.carryOn();
    await this.judge(asked.intent);
    await this.carryOn();
    return asked;
  }

  async broadcast(owner: Owner, wish: Wish): Promise<{ id: WithdrawalId; intent: WithdrawalIntent }> {
    const asked = await this.awaitingCosigner(owner, wish);
    await this.cosign();
    await this.carryOn();
    return asked;
  }

  /** Books against coins; zero when they agree. */
  difference(wallet: WalletId): Promise<bigint> {
    return this.chain.difference(wallet);
  }
}

export function pay(amount: bigint, address = PAYEE): WithdrawalRequest['to'] {
  return { kind: 'addresses', payments: [{ address, satoshis: satoshis(amount) }] };
}
