import { z } from 'zod';
import { allow, publicAccess } from '../http/access-contract.ts';
import { pageOf, pageQuery, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { auditCheckpointSchema, chainPosition } from '../intents/audit-checkpoint-contract.ts';

const TAG = 'audit';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** As it was recorded: exactly these members, or it cannot be hashed again. */
export const auditEntrySchema = z.strictObject({
  id: z.string(),
  occurredAt: z.string(),
  actor: z.string().describe('`staff:stf_…`, `customer:cus_…`, `process:worker`, `anonymous`'),
  strength: z.string().describe('How the actor was known: `passkey`, `password_totp`, `process` …'),
  action: z.string(),
  entity: z.string().describe('What it was done to'),
  requestId: z.string().nullable(),
  before: z.unknown(),
  after: z.unknown(),
  reason: z.string().nullable(),
});

const sealedEntrySchema = z
  .object({
    position: chainPosition,
    sealedAt: timeField,
    previousHash: hash,
    hash: hash.describe('Over position, time, previous hash and the entry’s canonical JSON'),
    entry: auditEntrySchema,
  })
  .meta({ id: 'AuditEntry' });

export type ExportedEntry = z.output<typeof sealedEntrySchema>;

export const listAuditEntries = defineOperation({
  method: 'get',
  path: '/v1/audit/entries',
  operationId: 'listAuditEntries',
  tag: TAG,
  summary: 'The audit log of a period, in the order of its chain',
  description:
    'The period is by the time of sealing, which follows within a second: what is once past never grows. Nothing is ' +
    'checked on the way; `trilock audit verify` checks the log, and what this gives can be hashed again.',
  access: allow(['auditor', 'officer']),
  query: pageQuery.extend({
    from: timeField.optional().describe('Included; the beginning unless told'),
    to: timeField.optional().describe('Not included; now unless told'),
  }),
  responses: { 200: { description: 'One page', body: pageOf(sealedEntrySchema) } },
  errors: ['cursor_invalid', 'audit_entry_damaged'],
});

export const listAuditCheckpoints = defineOperation({
  method: 'get',
  path: '/v1/audit/checkpoints',
  operationId: 'listAuditCheckpoints',
  tag: TAG,
  summary: 'The signer’s words on the audit log, newest first',
  description:
    'Keep one, and nobody can change anything that was recorded before it without your noticing: ' +
    '`trilock audit verify --checkpoint FILE --signer-key KEY`.',
  access: publicAccess(
    'a checkpoint is worth the more the more people keep it, and tells nothing but a count',
  ),
  query: pageQuery,
  responses: { 200: { description: 'One page', body: pageOf(auditCheckpointSchema) } },
  errors: ['cursor_invalid', 'checkpoint_malformed'],
});
