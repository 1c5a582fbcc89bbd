import type { PolicyDocument } from './policy-document-contract.ts';

/**
 * Version 1 of every installation, until another is put in force: what the lists name is stopped, and of the rest the
 * officers' manifest alone decides.
 */
export const DEFAULT_DOCUMENT: PolicyDocument = {
  format: 1,
  title: 'As installed',
  loosening: { delayHours: 24 },
  addressBook: { coolingOffHours: 24 },
  lists: [],
  rules: [
    {
      name: 'listed',
      because: 'The destination is blocked or sanctioned.',
      when: { destination: { reputation: ['blocked', 'sanctioned'] } },
      then: { outcome: 'deny' },
    },
    {
      name: 'manifest',
      because: 'What the manifest asks for suffices.',
      when: {},
      then: { outcome: 'allow' },
    },
  ],
};

export const DEFAULT_VERSION = 1;
