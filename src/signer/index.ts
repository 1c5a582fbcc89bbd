export { SignerError, type SignerErrorCode } from './errors.ts';
export { signerClient, type SignerClient } from './signer-client.ts';
export { callWire } from './wire/wire-client.ts';
export { createWireServer } from './wire/wire-server.ts';
