import { addSatoshis, formatBitcoin, parseSatoshis } from '../shared/index.ts';
import type {
  DepositReleaseIntent,
  Intent,
  MasterLockRecoveryIntent,
  ReleaseIntent,
  WithdrawalIntent,
} from './intent-contract.ts';
import { paymentsTotal } from './intent.ts';

function explainRecovery({
  body,
  requester,
  network,
  expiresAt,
}: MasterLockRecoveryIntent): readonly string[] {
  const { identification, registration } = body;
  return [
    `${requester} asks to give customer ${body.customer} a new master lock on ${network}: the file of ${body.lost} is lost.`,
    `The new lock is ${registration.statement.id}; what it signs, the customer says.`,
    `The customer was recognised at ${identification.checkedAt} by ${identification.method}; see ${identification.reference}.`,
    'It takes effect 14 days after the officers have approved it, unless the customer or the old file objects.',
    `Void unless approved before ${expiresAt}.`,
  ];
}

/** What an intent says, in plain words, a sentence each; from its own bytes and nothing else. */
export function explainIntent(intent: Intent): readonly string[] {
  switch (intent.kind) {
    case 'withdrawal':
      return explainWithdrawal(intent);
    case 'master_lock_recovery':
      return explainRecovery(intent);
    case 'release':
      return explainRelease(intent);
    case 'deposit_release':
      return explainDepositRelease(intent);
  }
}

function explainDepositRelease({
  body,
  requester,
  createdAt,
  expiresAt,
}: DepositReleaseIntent): readonly string[] {
  return [
    `${requester} asks to credit the quarantined deposit ${body.deposit} of ${formatBitcoin(parseSatoshis(body.satoshis))} to customer ${body.customer}.`,
    `On the chain it is ${body.outpoint}.`,
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ];
}

function explainRelease({ body, requester, createdAt, expiresAt }: ReleaseIntent): readonly string[] {
  return [
    `${requester} asks to lift the restriction ${body.restriction} of customer ${body.customer}, and no other.`,
    `The reason given: ${body.reason}`,
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ];
}

function explainWithdrawal(intent: WithdrawalIntent): readonly string[] {
  const { body, requester, network } = intent;
  const paid = paymentsTotal(body.payments);
  const maxFee = parseSatoshis(body.maxFeeSatoshis);
  const from =
    body.balance === 'vault' ? `the vault ${body.wallet}` : 'the spending balance, out of the treasury';
  return [
    `${requester} asks to withdraw ${formatBitcoin(paid)} of customer ${body.customer} from ${from} on ${network}.`,
    ...body.payments.map(
      ({ address, satoshis }) => `Pays ${formatBitcoin(parseSatoshis(satoshis))} to ${address}.`,
    ),
    `The network fee is at most ${formatBitcoin(maxFee)}; at most ${formatBitcoin(addSatoshis(paid, maxFee))} leaves in all.`,
    ...(body.memo === undefined ? [] : [`The customer writes: ${body.memo}`]),
    `Asked at ${intent.createdAt}; void after ${intent.expiresAt}.`,
  ];
}
