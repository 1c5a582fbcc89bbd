import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, pageOf, pageQuery, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { hash32 } from '../intents/fields-contract.ts';
import { policyDocumentSchema } from './policy-document-contract.ts';

const TAG = 'policy';
const READERS = ['compliance', 'officer', 'auditor'] as const;
const WRITERS = ['compliance', 'officer'] as const;
const MAX_REASON = 200;

const numberField = z
  .string()
  .regex(/^[1-9][0-9]{0,8}$/)
  .meta({ examples: ['1'] });

const versionSummarySchema = z
  .object({
    version: z.int(),
    title: z.string(),
    hash: hash32,
    loosens: z.boolean().describe('Whether it may let through what the one before would not'),
    proposedBy: idField('staff').nullable().describe('Null for the one that is built in'),
    inForceAt: timeField.nullable().describe('Null for the one that is built in'),
  })
  .meta({ id: 'PolicyVersionSummary' });

const versionSchema = versionSummarySchema
  .extend({ document: policyDocumentSchema })
  .meta({ id: 'PolicyVersion' });

const draftSummarySchema = z
  .object({
    id: idField('policy'),
    title: z.string(),
    hash: hash32,
    baseVersion: z.int().describe('It takes effect only while this version is in force'),
    reason: z.string(),
    createdBy: idField('staff'),
    createdAt: timeField,
    intent: idField('intent').nullable().describe('By which people approve it, when it loosens something'),
    version: z.int().nullable().describe('The version that it became'),
  })
  .meta({ id: 'PolicyDraftSummary' });

const draftSchema = draftSummarySchema
  .extend({
    document: policyDocumentSchema,
    loosens: z
      .array(z.string())
      .describe('What it may let through that the policy in force would not; none: it takes effect at once'),
    unmeetable: z.array(z.string()).describe('What no set of people of the manifest could meet'),
  })
  .meta({ id: 'PolicyDraft' });

export const getPolicy = defineOperation({
  method: 'get',
  path: '/v1/policy',
  operationId: 'getPolicy',
  tag: TAG,
  summary: 'The policy in force',
  access: allow(READERS),
  responses: { 200: { description: 'The policy', body: versionSchema } },
  errors: ['policy_damaged'],
});

export const listPolicyVersions = defineOperation({
  method: 'get',
  path: '/v1/policy/versions',
  operationId: 'listPolicyVersions',
  tag: TAG,
  summary: 'Every policy that was put in force, the newest first',
  access: allow(READERS),
  query: pageQuery,
  responses: { 200: { description: 'One page', body: pageOf(versionSummarySchema) } },
  errors: ['cursor_invalid', 'policy_damaged'],
});

export const getPolicyVersion = defineOperation({
  method: 'get',
  path: '/v1/policy/versions/{version}',
  operationId: 'getPolicyVersion',
  tag: TAG,
  summary: 'One version of the policy',
  access: allow(READERS),
  params: z.strictObject({ version: numberField }),
  responses: { 200: { description: 'The policy', body: versionSchema } },
  errors: ['policy_version_unknown', 'policy_damaged'],
});

export const draftPolicy = defineOperation({
  method: 'post',
  path: '/v1/policy/drafts',
  operationId: 'draftPolicy',
  tag: TAG,
  summary: 'Write a policy that is not in force yet',
  description:
    'It changes nothing. The answer says what it would loosen. A policy that no set of people of the manifest could ' +
    'meet is refused.',
  access: allow(WRITERS),
  body: z.strictObject({ document: policyDocumentSchema, reason: lineField(MAX_REASON) }),
  responses: { 201: { description: 'The draft', body: draftSchema } },
  errors: [
    'policy_malformed',
    'policy_too_large',
    'policy_conflicting',
    'policy_cyclic',
    'policy_unmeetable',
    'policy_unchanged',
    'policy_damaged',
  ],
  idempotency: 'key',
  examples: {
    body: {
      reason: 'New destinations rest for a day.',
      document: {
        format: 1,
        title: 'New destinations rest',
        loosening: { delayHours: 48 },
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
            name: 'new-destination',
            because: 'The customer has never paid this address.',
            when: { destination: { own: false, ageHours: { upTo: 23 } } },
            then: { outcome: 'delay', delayMinutes: 1440 },
          },
          {
            name: 'ordinary',
            because: 'What the manifest asks for suffices.',
            when: { velocity: [{ per: 'customer', hours: 24, satoshis: { upTo: '100000000' } }] },
            then: { outcome: 'allow' },
          },
        ],
      },
    },
  },
});

const draftParams = z.strictObject({ draftId: idField('policy') });

export const listPolicyDrafts = defineOperation({
  method: 'get',
  path: '/v1/policy/drafts',
  operationId: 'listPolicyDrafts',
  tag: TAG,
  summary: 'Drafts, the newest first',
  access: allow(READERS),
  query: pageQuery,
  responses: { 200: { description: 'One page', body: pageOf(draftSummarySchema) } },
  errors: ['cursor_invalid', 'policy_damaged'],
});

export const getPolicyDraft = defineOperation({
  method: 'get',
  path: '/v1/policy/drafts/{draftId}',
  operationId: 'getPolicyDraft',
  tag: TAG,
  summary: 'One draft, compared with the policy in force',
  access: allow(READERS),
  params: draftParams,
  responses: { 200: { description: 'The draft', body: draftSchema } },
  errors: ['policy_draft_unknown', 'policy_damaged'],
});

export const simulatePolicyDraft = defineOperation({
  method: 'get',
  path: '/v1/policy/drafts/{draftId}/simulation',
  operationId: 'simulatePolicyDraft',
  tag: TAG,
  summary: 'What a draft would have decided',
  description:
    'Judges every withdrawal of the period again, by the policy in force, or by an earlier version that is named, and by ' +
    'the draft, with what was known of it then and with windows measured anew. Changes nothing.',
  access: allow(READERS),
  params: draftParams,
  query: z.strictObject({
    from: timeField.optional().meta({ description: 'A month ago unless told' }),
    until: timeField.optional().meta({ description: 'Not included; now unless told' }),
    against: numberField.optional().meta({ description: 'A version; the one in force unless told' }),
  }),
  responses: {
    200: {
      description: 'The differences',
      body: z.object({
        against: z.int().describe('The version that it is compared with'),
        judged: z.int(),
        different: z.int(),
        truncated: z.boolean().describe('The period held more than is judged at once; ask for a shorter one'),
        shown: z
          .array(
            z.object({
              intent: idField('intent'),
              judgedAt: timeField,
              before: z.string(),
              after: z.string(),
            }),
          )
          .describe('The first hundred'),
      }),
    },
  },
  errors: ['policy_draft_unknown', 'policy_version_unknown', 'policy_damaged'],
});

export const proposePolicyDraft = defineOperation({
  method: 'post',
  path: '/v1/policy/drafts/{draftId}/proposal',
  operationId: 'proposePolicyDraft',
  tag: TAG,
  summary: 'Ask for a draft to be put in force',
  description:
    'What asks for as much as the policy in force in every case takes effect at once. What may let more through ' +
    'becomes an intent: sign it at `/v1/intents/{intentId}/request`, others approve it by the manifest and the ' +
    'policy in force, and it takes effect when it has rested as long as the policy in force says.',
  access: allow(WRITERS),
  params: draftParams,
  responses: { 202: { description: 'In force, or waiting for approvals', body: draftSchema } },
  errors: [
    'policy_draft_unknown',
    'policy_draft_settled',
    'policy_draft_outdated',
    'policy_unmeetable',
    'policy_damaged',
    'queued_intent_kind_unknown',
    'queued_intent_damaged',
  ],
  idempotency: 'key',
});
