import { randomBytes } from 'node:crypto';
import {
  credentialPinDigest,
  intentHash,
  parseIntent,
  statementDigest,
  type CredentialPin,
} from '../../intents/index.ts';
import { isoTime, newId, systemClock } from '../../shared/index.ts';
import { ApiSession } from './api-session.ts';
import { keyHolder, type KeyHolder } from './key-holder.ts';
import { waitUntil } from './wait-until.ts';

/** A customer of the demo: an account at the API, and a key file that never leaves them. */
export interface DemoCustomer {
  readonly name: string;
  readonly id: string;
  readonly session: ApiSession;
  readonly key: KeyHolder;
  readonly credential: string;
}

/** A member of compliance staff with an own key file. */
export interface DemoApprover {
  readonly id: string;
  readonly session: ApiSession;
  readonly key: KeyHolder;
}

async function pinCredential(session: ApiSession, key: KeyHolder): Promise<string> {
  const id = newId('credential');
  const statement: CredentialPin['statement'] = {
    purpose: 'pin credential',
    network: 'regtest',
    customer: session.id,
    credential: { id, publicKey: key.publicKey },
    signedBy: id,
    signedAt: isoTime(systemClock.nowMs()),
  };
  const pin = { statement, signature: key.sign(credentialPinDigest(statement)) };
  await session.post('/v1/signing-credentials', { label: 'Key file', pin });
  return id;
}

/** Registers, signs in and adds the key file with which every withdrawal will be signed. */
export async function registerCustomer(url: string, name: string, keyName: string): Promise<DemoCustomer> {
  // Each run of the demo has customers of its own.
  const email = `${name.toLowerCase()}-${randomBytes(4).toString('hex')}@demo.example`;
  const password = randomBytes(18).toString('base64url');
  const session = new ApiSession(url);
  await session.post('/v1/customers', { email, displayName: name, password });
  await session.signIn('/v1/sessions', email, password);
  const key = await keyHolder(keyName);
  return { name, id: session.id, session, key, credential: await pinCredential(session, key) };
}

export async function signInApprover(
  url: string,
  email: string,
  password: string,
  keyName: string,
): Promise<DemoApprover> {
  const session = new ApiSession(url);
  await session.signIn('/v1/staff/sessions', email, password);
  return { id: session.id, session, key: await keyHolder(keyName) };
}

export interface WithdrawalView {
  readonly id: string;
  readonly state: string;
  readonly intent: unknown;
  readonly intentHash: string;
  readonly explanation: readonly string[];
  readonly transaction: { readonly txid: string; readonly feeSatoshis: string } | null;
  readonly leftWallet: string | null;
  readonly endReason: string | null;
}

/** Asks for a withdrawal and signs its intent, after computing the hash from the intent's own words. */
export async function askForWithdrawal(customer: DemoCustomer, wish: object): Promise<WithdrawalView> {
  const draft = await customer.session.post<WithdrawalView>('/v1/withdrawals', wish);
  const statement = {
    purpose: 'request' as const,
    intentHash: intentHash(parseIntent(draft.intent)),
    credential: customer.credential,
    signedAt: isoTime(systemClock.nowMs()),
  };
  const signature = customer.key.sign(statementDigest(statement));
  return customer.session.post(`/v1/withdrawals/${draft.id}/request-signature`, { statement, signature });
}

/** Waits until the intent is in the queue, computes its hash from its own words, and approves it with a signature. */
export async function approve(approver: DemoApprover, withdrawal: WithdrawalView): Promise<void> {
  const { id } = parseIntent(withdrawal.intent);
  const read = () =>
    approver.session.get<{ readonly state: string; readonly intent: unknown }>(`/v1/intents/${id}`);
  const queued = await waitUntil('the intent in the queue', read, ({ state }) => state === 'open');
  const statement = {
    purpose: 'approval' as const,
    intentHash: intentHash(parseIntent(queued.intent)),
    decision: 'approve' as const,
    approver: approver.id,
    signedAt: isoTime(systemClock.nowMs()),
  };
  await approver.session.post(`/v1/intents/${id}/approvals`, {
    statement,
    signature: approver.key.sign(statementDigest(statement)),
  });
}
