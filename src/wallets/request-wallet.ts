import { requireAllowed } from '../freeze/index.ts';
import { appendEvent } from '../events/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { parseKeyAttestation, verifyKeyAttestation, type KeyAttestation } from '../intents/index.ts';
import {
  canonicalJson,
  crashPoint,
  idToUuid,
  newId,
  type CustomerId,
  type WalletId,
} from '../shared/index.ts';
import { WalletError } from './errors.ts';
import { signingCredentialsOf } from './signing-credentials.ts';
import { record, type Cause } from './wallet-audit.ts';
import type { WalletParts } from './wallet-parts.ts';
import { readWallet } from './wallet-store.ts';
import {
  customerKeyCount,
  requireOpenable,
  type OpenablePlan,
  type TreasuryPlan,
  type Wallet,
} from './wallet.ts';

export interface WalletRequest {
  readonly id: WalletId;
  readonly customer: CustomerId;
  readonly plan: string;
  readonly label: string;
  /** The customer's own account keys, one for `collaborative`, two for `self_custody`, attested by their credentials. */
  readonly customerKeys: readonly unknown[];
  /** The wallet whose place it takes. */
  readonly replaces?: WalletId;
}

async function insert(
  tx: DatabaseTransaction,
  parts: WalletParts,
  wallet: {
    readonly id: WalletId;
    readonly customer: CustomerId | null;
    readonly plan: OpenablePlan | TreasuryPlan;
    readonly label: string;
    readonly customerKeys: readonly KeyAttestation[];
    readonly replaces?: WalletId;
  },
  cause: Cause,
): Promise<Wallet> {
  const now = new Date(parts.clock.nowMs());
  const { id, customer, plan, label, customerKeys, replaces } = wallet;
  await tx.wallet.create({
    data: {
      id: idToUuid(id),
      customerId: customer === null ? null : idToUuid(customer),
      network: parts.network,
      plan,
      label,
      state: 'requested',
      customerKey: customerKeys.length === 0 ? null : canonicalJson(customerKeys),
      replacesId: replaces === undefined ? null : idToUuid(replaces),
      createdAt: now,
      nextStepAt: now,
    },
  });
  const facts = { customer, plan, label };
  await record(tx, parts.clock, cause, 'wallet.request', id, facts);
  await appendEvent(tx, { type: 'wallet.created', subject: id, customer, data: facts }, parts.clock);
  return readWallet(tx, id);
}

/** As many keys as the plan asks for, all different, each attested by a credential of this customer. */
async function checkCustomerKeys(
  tx: DatabaseTransaction,
  parts: WalletParts,
  plan: OpenablePlan,
  { customer, customerKeys }: WalletRequest,
): Promise<readonly KeyAttestation[]> {
  const credentials = await signingCredentialsOf(tx, customer);
  if (credentials.length === 0) {
    throw new WalletError(
      'signing_credential_missing',
      'Add a key that you sign requests with first: without one nothing could ever be withdrawn.',
    );
  }
  const wanted = customerKeyCount(plan);
  if (customerKeys.length > wanted) {
    throw new WalletError('customer_key_unexpected', 'The plan has fewer keys of the customer.', {
      details: { plan, wanted, given: customerKeys.length },
    });
  }
  const attestations = customerKeys.map(parseKeyAttestation);
  const isOwn = attestations.every(({ statement }) => statement.role === 'customer');
  const distinct = new Set(attestations.map(({ statement }) => statement.xpub)).size;
  if (!isOwn || distinct < wanted) {
    throw new WalletError('customer_key_missing', 'The plan needs other account keys of your own.', {
      details: { plan, wanted, given: isOwn ? distinct : 0 },
    });
  }
  const trusted = credentials.map(({ publicKey }) => publicKey);
  for (const attestation of attestations) await verifyKeyAttestation(attestation, trusted, parts.network);
  return attestations;
}

/**
 * Asks for a customer's wallet, within the caller's transaction. The worker opens it.
 * @throws FreezeError `account_restricted`; WalletError `wallet_plan_unsupported`, `signing_credential_missing`, `customer_key_…`; IntentError and
 * BitcoinError about the customer's key.
 */
export async function requestWallet(
  tx: DatabaseTransaction,
  parts: WalletParts,
  request: WalletRequest,
  cause: Cause,
): Promise<Wallet> {
  await requireAllowed(tx, request.customer, 'new_address');
  const plan = requireOpenable(request.plan);
  const customerKeys = await checkCustomerKeys(tx, parts, plan, request);
  const { id, customer, label, replaces } = request;
  const wish = { id, customer, plan, label, customerKeys };
  const wallet = await insert(tx, parts, replaces === undefined ? wish : { ...wish, replaces }, cause);
  crashPoint('wallet.request_written');
  return wallet;
}

/**
 * Asks for a treasury wallet of the institution: the one that backs spending balances, or with `treasury_hot` the one
 * that two signers spend without a station. There is one of each. @throws WalletError `treasury_exists`.
 */
export async function requestTreasury(
  parts: WalletParts,
  label: string,
  cause: Cause,
  plan: TreasuryPlan = 'custodial',
): Promise<Wallet> {
  return inTransaction(parts.database, async (tx) => {
    // Two commands at the same moment must not make two.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('trilock/treasury-wallet'))`;
    const existing = await tx.wallet.findFirst({
      where: { customerId: null, network: parts.network, plan, state: { not: 'failed' } },
    });
    if (existing !== null) {
      throw new WalletError('treasury_exists', 'There is a treasury wallet of this plan already.');
    }
    const wallet = {
      id: newId('wallet'),
      customer: null,
      plan,
      label,
      customerKeys: [],
    };
    return insert(tx, parts, wallet, cause);
  });
}
