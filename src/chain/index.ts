export { ChainError, type ChainErrorCode } from './errors.ts';
export { type RpcCredentials } from './rpc/http-transport.ts';
export { type Destination, type FundedOutput, type RegtestControl } from './regtest/regtest-control.ts';
export {
  connectRegtestControl,
  startRegtestNode,
  type RegtestNode,
  type RegtestNodeOptions,
} from './regtest/regtest-node.ts';
