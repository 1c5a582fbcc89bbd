import { hexToBytes } from '@noble/hashes/utils.js';
import type { Transaction } from 'bitcoinjs-lib';
import { dustThreshold, MAX_STANDARD_WEIGHT } from '../transactions/sizes.ts';
import type { ExplainedFacts, Oddity, OddityCode } from './explanation.ts';
import type { ReadInput } from './read-input.ts';
import { DEFAULT_SPEND_LIMITS, TRANSACTION_VERSION } from './spend-limits.ts';

/** A fee above a tenth of what is paid is worth a question, */
const HIGH_FEE_BASIS_POINTS = 1_000;
/** unless it is too little to bother anybody. */
const SMALL_FEE_SATS = 10_000n;
/** A rate above 200 sat/vB is rare enough to be looked at twice. */
const HIGH_FEE_RATE = 200_000n;
const LOCKTIME_THRESHOLD = 500_000_000;
/** The highest sequence that signals replaceability (BIP125). */
const LAST_REPLACEABLE = 0xfffffffd;

type Finding = Oddity | false;

function when(condition: boolean, code: OddityCode, text: string): Finding {
  return condition ? { code, text } : false;
}

function count(inputs: readonly ReadInput[], is: (input: ReadInput) => boolean): number {
  return inputs.filter(is).length;
}

function inputOddities(inputs: readonly ReadInput[]): Finding[] {
  const unknown = count(inputs, ({ explained }) => explained.value === null);
  const unproven = count(inputs, ({ explained }) => explained.value !== null && !explained.proven);
  const foreign = count(inputs, ({ owner }) => owner === null);
  const wallets = new Set(inputs.flatMap(({ explained }) => explained.wallet ?? []));
  const fixed = count(inputs, ({ sequence }) => sequence > LAST_REPLACEABLE);
  return [
    when(unknown > 0, 'input_unknown', `The PSBT does not say what ${unknown} of the coins spent are worth.`),
    when(
      unproven > 0,
      'input_value_unproven',
      `The value of ${unproven} of the coins spent is claimed, not proven.`,
    ),
    when(
      foreign > 0,
      'input_foreign',
      `${foreign} of the coins spent belong to no wallet that is known here.`,
    ),
    when(wallets.size > 1, 'several_wallets', `Coins of ${wallets.size} wallets are spent together.`),
    when(
      inputs.length > 0 && fixed === inputs.length,
      'fee_not_replaceable',
      'The fee cannot be raised later by replacing the transaction.',
    ),
  ];
}

function signatureOddities(inputs: readonly ReadInput[]): Finding[] {
  const sum = (pick: 'invalid' | 'foreign' | 'otherSighashTypes'): number =>
    inputs.reduce((total, { findings }) => total + (findings?.[pick] ?? 0), 0);
  const [invalid, foreign, otherTypes] = [sum('invalid'), sum('foreign'), sum('otherSighashTypes')];
  return [
    when(invalid > 0, 'signature_invalid', `${invalid} signatures do not sign this transaction.`),
    when(foreign > 0, 'signature_foreign', `${foreign} signatures are by keys that are not of the wallet.`),
    when(
      otherTypes > 0,
      'sighash_not_all',
      'A signature that leaves part of the transaction open is asked for or given.',
    ),
  ];
}

function outputOddities({ inputs, payments, change }: ExplainedFacts): Finding[] {
  const spending = new Set(inputs.flatMap(({ wallet }) => wallet ?? []));
  const toSelf = payments.filter(({ wallet }) => wallet !== null && spending.has(wallet));
  const nameless = payments.filter(({ address }) => address === null);
  const dust = [...payments, ...change].filter(
    ({ scriptHex, value }) => value < dustThreshold(hexToBytes(scriptHex)),
  );
  const far = change.filter(({ position }) => (position?.index ?? 0) > DEFAULT_SPEND_LIMITS.maxChangeIndex);
  return [
    when(
      toSelf.length > 0,
      'payment_to_own_wallet',
      'An output pays to a receive address of the wallet that is spent from.',
    ),
    when(change.length > 1, 'several_change_outputs', `There are ${change.length} change outputs.`),
    when(
      far.length > 0,
      'change_index_far',
      'The change lies further along the wallet than a restored one looks.',
    ),
    when(nameless.length > 0, 'output_without_address', 'An output pays to a script that has no address.'),
    when(dust.length > 0, 'output_dust', 'An output is so small that nodes would not relay it.'),
  ];
}

function feeOddities({ fee, feeBasisPoints, feeRateSatsPerKvb, virtualBytes }: ExplainedFacts): Finding[] {
  if (fee === null) return [when(true, 'fee_unknown', 'The fee cannot be told.')];
  if (fee < 0n) {
    return [when(true, 'outputs_exceed_inputs', 'More is paid out than is spent: no node accepts this.')];
  }
  const share = feeBasisPoints ?? 0;
  return [
    when(
      feeRateSatsPerKvb !== null && feeRateSatsPerKvb > HIGH_FEE_RATE,
      'fee_rate_high',
      'The fee rate is unusually high.',
    ),
    when(
      feeRateSatsPerKvb !== null && feeRateSatsPerKvb < DEFAULT_SPEND_LIMITS.minFeeRate,
      'fee_rate_low',
      'The fee rate is so low that many nodes would not relay the transaction.',
    ),
    when(
      share > HIGH_FEE_BASIS_POINTS && fee > SMALL_FEE_SATS,
      'fee_share_high',
      'The fee is more than a tenth of what is paid.',
    ),
    when(
      virtualBytes !== null && virtualBytes * 4 > MAX_STANDARD_WEIGHT,
      'transaction_heavy',
      'The transaction is heavier than nodes relay.',
    ),
  ];
}

/** Everything about a PSBT that a careful person would ask about. */
export function findOddities(
  facts: ExplainedFacts,
  inputs: readonly ReadInput[],
  transaction: Transaction,
): Oddity[] {
  return [
    ...inputOddities(inputs),
    ...outputOddities(facts),
    ...feeOddities(facts),
    ...signatureOddities(inputs),
    when(
      facts.locktime >= LOCKTIME_THRESHOLD,
      'locktime_is_time',
      'The transaction waits for a date instead of a block.',
    ),
    when(
      transaction.version !== TRANSACTION_VERSION,
      'transaction_version_unusual',
      `The transaction has version ${transaction.version} instead of ${TRANSACTION_VERSION}.`,
    ),
  ].filter((finding) => finding !== false);
}
