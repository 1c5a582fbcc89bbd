import { resolve } from 'node:path';

/** The published keys of the sandbox; see keys/README.md. */
export const DEMO_KEYS = resolve(import.meta.dirname, '../../../keys/demo');

/** Of every one of them: it keeps nothing secret. */
export const DEMO_PASSPHRASE = 'trilock demo passphrase, not a secret';
