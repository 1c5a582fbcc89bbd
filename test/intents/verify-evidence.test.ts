import { beforeAll, describe, expect, it } from 'vitest';
import { parseTransaction, psbtToBase64, serializeTransaction } from '../../src/bitcoin/index.ts';
import {
  intentHash,
  verifyWithdrawalEvidence,
  type Manifest,
  type WithdrawalEvidence,
  type WithdrawalIntent,
} from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import {
  builtPayout,
  custody,
  PAYEE,
  payoutIntent,
  registeredWallet,
  requestBy,
  type Custody,
  type TestWallet,
} from '../fixtures/custody.ts';
import { approval, NOW } from '../fixtures/intents.ts';
import { receiptBy, signedPayout } from '../fixtures/evidence.ts';
import { ed25519Signer } from '../fixtures/signing-keys.ts';

let house: Custody;
let wallet: TestWallet;
let evidence: WithdrawalEvidence;

beforeAll(async () => {
  house = custody();
  wallet = registeredWallet(house, 'evidence');
  evidence = await signedPayout(house, wallet);
});

const manifests = (): readonly Manifest[] => [house.manifest];

/** The link at which changed evidence fails, and the check behind it. */
async function brokenLink(
  change: (whole: WithdrawalEvidence) => WithdrawalEvidence,
  trust: Partial<Parameters<typeof verifyWithdrawalEvidence>[1]> = {},
): Promise<{ readonly code: string; readonly because: unknown }> {
  try {
    await verifyWithdrawalEvidence(change(structuredClone(evidence)), { manifests: manifests(), ...trust });
    return { code: 'holds', because: undefined };
  } catch (thrown) {
    const { code, details } = thrown as { code: string; details: Record<string, unknown> };
    return { code, because: details['because'] };
  }
}

/** The one intent of the bundle, changed. */
function entitled(
  whole: WithdrawalEvidence,
  change: (
    one: WithdrawalEvidence['bundle']['intents'][number],
  ) => WithdrawalEvidence['bundle']['intents'][number],
): WithdrawalEvidence {
  return { ...whole, bundle: { ...whole.bundle, intents: whole.bundle.intents.map(change) } };
}

/** As `entitled`, when whoever changes it has the signer's key as well. */
function entitledAndAttested(
  whole: WithdrawalEvidence,
  change: Parameters<typeof entitled>[1],
): WithdrawalEvidence {
  const changed = entitled(whole, change);
  const { intent } = changed.bundle.intents[0]!;
  const statement = {
    ...whole.signed.statement,
    intents: whole.signed.statement.intents.map((one) => ({ ...one, hash: intentHash(intent) })),
  };
  return { ...changed, intentHash: intentHash(intent), signed: receiptBy(house.attesters, statement) };
}

/** The same under a policy that was changed afterwards. */
function underPolicy(whole: WithdrawalEvidence, change: Record<string, string>): WithdrawalEvidence {
  const policies = whole.policies.map((one) => ({ ...one, document: { ...one.document, ...change } }));
  return { ...whole, policies };
}

describe('the evidence of a withdrawal', () => {
  it('holds from the manifest to the txid, also against the transaction of the chain', async () => {
    const found = await verifyWithdrawalEvidence(evidence, {
      manifests: manifests(),
      withdrawal: evidence.withdrawal,
      transaction: Buffer.from(evidence.transaction, 'hex'),
    });
    expect(found.policyVersions).toEqual([1]);
    expect(found.verified.intents[0]?.approvedBy).toHaveLength(2);
  });

  it('needs nothing but the manifest in which it is rooted', async () => {
    expect(await brokenLink((whole) => whole, { manifests: [] })).toMatchObject({
      code: 'evidence_manifest_wrong',
    });
    const forged = { ...house.manifest, approvers: house.manifest.approvers.slice(1) };
    expect(await brokenLink((whole) => whole, { manifests: [forged] })).toMatchObject({
      code: 'evidence_manifest_wrong',
    });
  });

  it.each<[what: string, change: (whole: WithdrawalEvidence) => WithdrawalEvidence, code: string]>([
    ['a word too many', (whole) => ({ ...whole, note: 'x' }) as never, 'evidence_malformed'],
    [
      'another descriptor',
      (whole) => ({
        ...whole,
        wallet: { ...whole.wallet, registration: registeredWallet(house, 'attacker').registration },
      }),
      'evidence_wallet_wrong',
    ],
    [
      'the word of another signer',
      (whole) => ({
        ...whole,
        signed: receiptBy({ platform: ed25519Signer() }, whole.signed.statement),
      }),
      'evidence_receipt_wrong',
    ],
    [
      'another time of signing',
      (whole) => ({
        ...whole,
        signed: {
          ...whole.signed,
          statement: { ...whole.signed.statement, checkedAt: new Date(NOW + 1).toISOString() },
        },
      }),
      'evidence_receipt_wrong',
    ],
    [
      'another payee',
      (whole) =>
        entitled(whole, ({ intent, ...rest }) => ({
          ...rest,
          intent: {
            ...intent,
            body: { ...intent.body, payments: [{ address: PAYEE, satoshis: '500001' }] },
          } as WithdrawalIntent,
        })),
      'evidence_intent_wrong',
    ],
    [
      'another policy version',
      (whole) =>
        entitled(whole, ({ intent, ...rest }) => ({ ...rest, intent: { ...intent, policyVersion: 2 } })),
      'evidence_intent_wrong',
    ],
    [
      'the intent of another',
      (whole) => ({ ...whole, intentHash: 'ab'.repeat(32) }),
      'evidence_intent_wrong',
    ],
    [
      'no signature of the customer',
      (whole) => entitled(whole, (one) => ({ ...one, request: null })),
      'evidence_request_wrong',
    ],
    [
      'the signature of another customer',
      (whole) => entitled(whole, (one) => ({ ...one, request: requestBy(house.customers[1], one.intent) })),
      'evidence_request_wrong',
    ],
    [
      'too few approvals',
      (whole) => entitled(whole, (one) => ({ ...one, approvals: [] })),
      'evidence_approvals_wrong',
    ],
    [
      'a rejection among the approvals',
      (whole) =>
        entitled(whole, (one) => ({
          ...one,
          approvals: [
            ...one.approvals,
            approval(one.intent, house.house.approvers[1]!, { decision: 'reject', reason: 'no' }),
          ],
        })),
      'evidence_approvals_wrong',
    ],
    [
      'another PSBT',
      (whole) => ({
        ...whole,
        bundle: {
          ...whole.bundle,
          psbt: psbtToBase64(
            builtPayout(wallet, [
              payoutIntent(wallet, { payments: [{ address: PAYEE, satoshis: '7' + '00000' }] }),
            ]).psbt,
          ),
        },
      }),
      'evidence_psbt_wrong',
    ],
    [
      'a transaction with a signature taken out',
      (whole) => ({ ...whole, transaction: withoutSignature(whole.transaction) }),
      'evidence_transaction_wrong',
    ],
    [
      'bytes that are no transaction',
      (whole) => ({ ...whole, transaction: '00' }),
      'evidence_transaction_wrong',
    ],
    [
      'another transaction',
      (whole) => ({ ...whole, transaction: whole.transaction.replace(/.{8}$/, '01000000') }),
      'evidence_txid_wrong',
    ],
    [
      'another text of the policy',
      (whole) => underPolicy(whole, { title: 'Forged' }),
      'evidence_policy_wrong',
    ],
    ['no text of the policy', (whole) => ({ ...whole, policies: [] }), 'evidence_malformed'],
    [
      'the text of another version of the policy',
      (whole) => ({ ...whole, policies: whole.policies.map((one) => ({ ...one, number: 2 })) }),
      'evidence_policy_wrong',
    ],
    ['another txid', (whole) => ({ ...whole, txid: 'cd'.repeat(32) }), 'evidence_txid_wrong'],
  ])('with %s is refused, and the link is named', async (_what, change, code) => {
    expect(await brokenLink(change)).toMatchObject({ code });
  });

  it('is checked at every link even by whoever has the signer’s key', async () => {
    const payee = (whole: WithdrawalEvidence) =>
      entitledAndAttested(whole, ({ intent, ...rest }) => ({
        ...rest,
        intent: { ...intent, policyVersion: 9 },
      }));
    expect(await brokenLink(payee)).toEqual({
      code: 'evidence_request_wrong',
      because: 'approval_for_another_intent',
    });
    const resigned = (whole: WithdrawalEvidence) =>
      entitledAndAttested(whole, ({ intent, ...rest }) => {
        const changed = { ...intent, policyVersion: 9 };
        return { ...rest, intent: changed, request: requestBy(house.customers[0], changed) };
      });
    expect(await brokenLink(resigned)).toEqual({
      code: 'evidence_approvals_wrong',
      because: 'approval_for_another_intent',
    });
  });

  it('is of the withdrawal and the transaction that were asked about', async () => {
    expect(await brokenLink((whole) => whole, { withdrawal: newId('withdrawal') })).toMatchObject({
      code: 'evidence_of_another_withdrawal',
    });
    const other = await signedPayout(house, wallet);
    const transaction = Buffer.from(other.transaction.replace(/.{8}$/, '01000000'), 'hex');
    expect(await brokenLink((whole) => whole, { transaction })).toMatchObject({
      code: 'evidence_txid_wrong',
    });
  });
});

/** The same transaction by its txid, with a byte of a signature changed. */
function withoutSignature(hexText: string): string {
  const transaction = parseTransaction(Buffer.from(hexText, 'hex'));
  const signature = transaction.ins[0]!.witness[1]!;
  signature[20] = signature[20]! ^ 1;
  return Buffer.from(serializeTransaction(transaction)).toString('hex');
}
