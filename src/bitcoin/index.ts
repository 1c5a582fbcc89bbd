export { BitcoinError, type BitcoinErrorCode } from './errors.ts';
export { psbtToBase64, serializePsbt, type Psbt } from './psbt/psbt.ts';
export { MAX_PSBT_BYTES, parsePsbt, parsePsbtBase64 } from './psbt/parse-psbt.ts';
export { combinePsbts } from './psbt/combine-psbt.ts';
export { extractTransaction, finalizePsbt } from './psbt/finalize-psbt.ts';
export { parseTransaction, serializeTransaction, transactionId } from './transactions/transaction-codec.ts';
