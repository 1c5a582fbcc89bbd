import { DomainError } from '../shared/index.ts';

/** Refusals of keys, curve operations and seeds. */
type KeyErrorCode =
  | 'secp256k1_backend_unavailable'
  | 'secp256k1_backend_broken'
  | 'public_key_invalid'
  | 'private_key_invalid'
  | 'digest_invalid'
  | 'signature_malformed'
  | 'extended_key_malformed'
  | 'extended_key_wrong_network'
  | 'private_key_refused'
  | 'key_origin_malformed'
  | 'key_origin_mismatch'
  | 'key_expression_malformed'
  | 'derivation_path_malformed'
  | 'derivation_path_unsupported'
  | 'hardened_derivation_refused'
  | 'child_key_invalid'
  | 'mnemonic_invalid'
  | 'seed_invalid'
  | 'possession_statement_malformed'
  | 'possession_proof_invalid';

/** Refusals of output descriptors. */
type DescriptorErrorCode =
  | 'descriptor_too_long'
  | 'descriptor_malformed'
  | 'descriptor_character_invalid'
  | 'descriptor_checksum_missing'
  | 'descriptor_checksum_malformed'
  | 'descriptor_checksum_mismatch'
  | 'descriptor_unsupported'
  | 'descriptor_threshold_invalid'
  | 'descriptor_key_count_invalid'
  | 'descriptor_key_duplicate'
  | 'descriptor_key_unsupported'
  | 'descriptor_origin_missing'
  | 'descriptor_path_unsupported'
  | 'derivation_index_invalid';

/** Refusals of addresses and of the scripts behind them. */
type AddressErrorCode =
  | 'address_empty'
  | 'address_too_long'
  | 'address_malformed'
  | 'address_mixed_case'
  | 'address_checksum_mismatch'
  | 'address_wrong_network'
  | 'address_witness_version_unsupported'
  | 'address_witness_program_invalid'
  | 'network_unknown';

/** Refusals of signed messages (BIP322). */
type MessageErrorCode =
  | 'message_malformed'
  | 'message_too_long'
  | 'message_signature_malformed'
  | 'message_signature_unsupported'
  | 'message_signature_invalid'
  | 'message_address_unsupported'
  | 'message_script_unsupported'
  | 'message_signer_foreign'
  | 'message_signatures_insufficient';

/** Refusals while reading transactions and partially signed transactions. */
type PsbtErrorCode =
  | 'transaction_malformed'
  | 'psbt_too_large'
  | 'psbt_malformed'
  | 'psbt_version_unsupported'
  | 'psbt_duplicate_key'
  | 'psbt_field_invalid'
  | 'psbt_transaction_missing'
  | 'psbt_transaction_signed'
  | 'psbt_previous_transaction_mismatch'
  | 'psbt_utxo_conflict'
  | 'psbt_script_mismatch'
  | 'psbt_not_combinable'
  | 'psbt_input_not_complete'
  | 'psbt_not_final';

/** Refusals while choosing coins and composing a transaction. */
type SelectionErrorCode =
  | 'amount_out_of_range'
  | 'payment_dust'
  | 'payments_missing'
  | 'fee_rate_out_of_limits'
  | 'coin_duplicate'
  | 'unconfirmed_chain_too_long'
  | 'insufficient_funds'
  | 'transaction_too_heavy'
  | 'replacement_not_possible'
  | 'child_not_possible';

/** Refusals of a spend that is not what its intent, its wallet or the named limits say. */
type SpendErrorCode =
  | 'payments_differ'
  | 'change_not_ours'
  | 'change_index_out_of_bounds'
  | 'fee_out_of_limits'
  | 'output_dust'
  | 'input_duplicate'
  | 'input_foreign'
  | 'input_value_differs'
  | 'previous_transaction_missing'
  | 'sighash_type_refused'
  | 'signal_missing'
  | 'locktime_refused'
  | 'signature_invalid'
  | 'signature_missing'
  | 'signing_key_foreign'
  | 'second_opinion_differs';

/** Refusals while reading blocks. */
type BlockErrorCode = 'block_malformed';

/** Every refusal that the Bitcoin library knows by name. */
export type BitcoinErrorCode =
  | KeyErrorCode
  | DescriptorErrorCode
  | AddressErrorCode
  | MessageErrorCode
  | PsbtErrorCode
  | SelectionErrorCode
  | SpendErrorCode
  | BlockErrorCode;

export class BitcoinError extends DomainError<BitcoinErrorCode> {}
