import type { RefusalReason } from '../chain-node.ts';
import { CORE_CODES } from '../rpc/rpc-client.ts';
import type { RpcRefusal } from '../rpc/rpc-transport.ts';

// Bitcoin Core's words, from a recording of version 31 and from validation.cpp and policy/ of 25 to 31: older
// versions say `mandatory-script-verify-flag-failed` and `too-long-mempool-chain` where newer ones say
// `mempool-script-verify-flag-failed` and `too-large-cluster`.
const REASONS: readonly (readonly [RegExp, RefusalReason])[] = [
  [/^txn-already-in-mempool|^txn-same-nonwitness-data-in-mempool/, 'already_in_mempool'],
  [/^txn-already-known|already in (?:block chain|utxo set)/i, 'already_confirmed'],
  [/^missing-inputs|^bad-txns-inputs-(?:missingorspent|spent)/, 'inputs_missing_or_spent'],
  [/^min relay fee not met|^mempool min fee not met|^mempool full|^insufficient priority/, 'fee_too_low'],
  [/^max-fee-exceeded|^Fee exceeds maximum|^absurdly-high-fee/, 'fee_too_high'],
  [
    /^insufficient fee|^replacement-|^txn-mempool-conflict|^too many potential replacements|^bad-txns-spends-conflicting-tx/,
    'replacement_refused',
  ],
  [/script-verify-flag/, 'script_invalid'],
  [/^dust/, 'dust'],
  [/^non-final|^non-BIP68-final/, 'not_final'],
  [/^bad-txns-premature-spend-of-coinbase/, 'coinbase_immature'],
  [
    /^too-long-mempool-chain|^too-large-cluster|^exceeds (?:descendant|ancestor)/,
    'unconfirmed_chain_too_long',
  ],
  [
    /^tx-size|^version|^scriptpubkey|^scriptsig|^datacarrier|^multi-op-return|^bare-multisig|^bad-txns-nonstandard-inputs|^bad-witness-nonstandard|^bad-txns-too-many-sigops/,
    'nonstandard',
  ],
  [/^bad-txns-|^coinbase|^bad-txn-/, 'invalid'],
];

/** What a reason means that `testmempoolaccept` or `sendrawtransaction` gives. */
export function refusalReason(words: string): RefusalReason {
  return REASONS.find(([pattern]) => pattern.test(words))?.[1] ?? 'other';
}

/** What a refusal of `sendrawtransaction` means; `undefined` when it is not about the transaction. */
export function broadcastRefusal(refusal: RpcRefusal): RefusalReason | undefined {
  switch (refusal.code) {
    case CORE_CODES.deserialization:
      return 'malformed';
    case CORE_CODES.alreadyInUtxoSet:
      return 'already_confirmed';
    case CORE_CODES.verifyError:
    case CORE_CODES.verifyRejected:
      return refusalReason(refusal.message);
    default:
      return undefined;
  }
}
