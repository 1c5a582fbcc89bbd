export { SignerError, type SignerErrorCode } from './errors.ts';
export { openSigner, signerAttestationKey, type SignerPlan } from './open-signer.ts';
export { signerClient, type SignerClient } from './signer-client.ts';
export { callWire } from './wire/wire-client.ts';
export { createWireServer } from './wire/wire-server.ts';
