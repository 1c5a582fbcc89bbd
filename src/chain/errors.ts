import { DomainError } from '../shared/index.ts';

/** The way to the node, and what the node answered to. */
type NodeErrorCode =
  | 'node_unreachable'
  | 'node_timeout'
  | 'node_busy'
  | 'node_starting'
  | 'node_unauthorized'
  | 'node_answer_malformed'
  | 'node_answer_too_large'
  | 'node_method_missing'
  | 'node_call_refused'
  | 'node_failed'
  | 'node_config_invalid';

/** What was asked for and is not there. */
type LookupErrorCode =
  'block_not_found' | 'block_pruned' | 'height_out_of_range' | 'transaction_not_found' | 'output_not_found';

/** What the node said is not what the rules of Bitcoin, or our own record, allow. */
type TruthErrorCode =
  | 'transaction_refused'
  | 'wrong_network'
  | 'header_invalid'
  | 'block_invalid'
  | 'node_behind'
  | 'reorg_too_deep'
  | 'forked_below_checkpoint'
  | 'chain_disagreement'
  | 'follower_position_moved'
  | 'chain_held'
  | 'start_height_refused';

/** Programs that we start. */
type ProcessErrorCode = 'data_directory_in_use' | 'data_directory_unusable' | 'port_in_use' | 'node_missing';

/** Every refusal that the chain context knows by name. */
export type ChainErrorCode = NodeErrorCode | LookupErrorCode | TruthErrorCode | ProcessErrorCode;

export class ChainError extends DomainError<ChainErrorCode> {}
