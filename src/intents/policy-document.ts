import { hashStatement, hex } from './tagged-hash.ts';

const DOCUMENT_TAG = 'trilock/policy/1';

/** Names a policy's document for ever: 32 bytes, hex. What the document says, `src/policy` knows. */
export function policyDocumentHash(document: object): string {
  return hex(hashStatement(DOCUMENT_TAG, document));
}
