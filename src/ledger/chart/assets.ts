/** The ledger's number for bitcoin, counted in satoshis. */
export const BITCOIN_ASSET = 1;
