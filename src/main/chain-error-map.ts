import type { ChainErrorCode } from '../chain/index.ts';
import type { ErrorMap } from '../http/index.ts';

const away = { status: 503, title: 'The Bitcoin nodes are not available' } as const;
const distrusted = { status: 503, title: 'The Bitcoin nodes cannot be relied on at the moment' } as const;
const fault = { status: 500, title: 'A Bitcoin node is not set up rightly' } as const;

/** What nodes, and the way to them, do to callers of the API. */
export const chainErrorMap = {
  node_unreachable: away,
  node_timeout: away,
  node_busy: away,
  node_starting: away,
  node_failed: away,
  node_unauthorized: fault,
  node_answer_malformed: distrusted,
  node_answer_too_large: distrusted,
  node_method_missing: fault,
  node_call_refused: distrusted,
  node_config_invalid: fault,
  block_not_found: distrusted,
  block_pruned: fault,
  height_out_of_range: distrusted,
  transaction_not_found: distrusted,
  output_not_found: distrusted,
  transaction_refused: distrusted,
  wrong_network: distrusted,
  header_invalid: distrusted,
  block_invalid: distrusted,
  node_behind: distrusted,
  reorg_too_deep: distrusted,
  forked_below_checkpoint: distrusted,
  chain_disagreement: distrusted,
  follower_position_moved: away,
  chain_held: distrusted,
  start_height_refused: fault,
  data_directory_in_use: fault,
  data_directory_unusable: fault,
  port_in_use: fault,
  node_missing: fault,
} as const satisfies ErrorMap<ChainErrorCode>;
