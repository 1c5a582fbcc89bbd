export { SignerError, type SignerErrorCode } from './errors.ts';
export { callWire } from './wire/wire-client.ts';
export { createWireServer } from './wire/wire-server.ts';
