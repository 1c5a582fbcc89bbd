import { z } from 'zod';
import { ROLES, SCOPES, STAFF_ROLES, allow, publicAccess } from '../http/access-contract.ts';
import { idField, lineField, pageOf, pageQuery, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';

const TAG = 'identity';
const ANY_PERSON = ['customer', ...STAFF_ROLES] as const;

/** E-mail addresses are compared in lower case, so they are stored so. */
const emailField = z
  .codec(z.email().max(254), z.string(), { decode: (text) => text.toLowerCase(), encode: (text) => text })
  .meta({ description: 'E-mail address; case does not matter', examples: ['ada@example.com'] });

const passwordField = z
  .string()
  .min(1)
  .max(256)
  .meta({ description: 'At least 12 characters when it is new', format: 'password' });

const codeField = z
  .string()
  .regex(/^[0-9]{6}$/)
  .meta({ description: 'Six digits of the authenticator app' });

const nameField = lineField(200).meta({ description: 'A name for people', examples: ['Ada Lovelace'] });

const customerSchema = z
  .object({ id: idField('customer'), email: z.string(), displayName: z.string(), createdAt: timeField })
  .meta({ id: 'Customer' });

const staffSchema = z
  .object({
    id: idField('staff'),
    email: z.string(),
    displayName: z.string(),
    roles: z.array(z.enum(STAFF_ROLES)),
    createdAt: timeField,
  })
  .meta({ id: 'Staff' });

export const registerCustomer = defineOperation({
  method: 'post',
  path: '/v1/customers',
  operationId: 'registerCustomer',
  tag: TAG,
  summary: 'Become a customer',
  access: publicAccess('somebody who registers has no account yet'),
  body: z.strictObject({ email: emailField, displayName: nameField, password: passwordField }),
  responses: { 201: { description: 'Registered', body: customerSchema } },
  errors: ['email_taken', 'password_weak', 'sign_in_busy'],
  idempotency: 'key',
  examples: {
    body: { email: 'ada@example.com', displayName: 'Ada Lovelace', password: 'correct horse battery' },
  },
});

export const registerStaff = defineOperation({
  method: 'post',
  path: '/v1/staff',
  operationId: 'registerStaff',
  tag: TAG,
  summary: 'Add a member of staff',
  description:
    'The account has no role and does nothing until others have approved what it may: ask for that at ' +
    '`/v1/staff/{staffId}/changes`.',
  access: allow(['admin', 'officer']),
  body: z.strictObject({
    email: emailField,
    displayName: nameField,
    password: passwordField,
  }),
  responses: { 201: { description: 'Added', body: staffSchema } },
  errors: ['email_taken', 'password_weak', 'sign_in_busy'],
  idempotency: 'key',
  examples: {
    body: {
      email: 'grace@example.com',
      displayName: 'Grace Hopper',
      password: 'nanoseconds are short wires',
    },
  },
});

const signedInSchema = z
  .object({
    id: z.string().meta({ description: 'Of the customer or the member of staff' }),
    displayName: z.string(),
    roles: z.array(z.enum(ROLES)),
    csrfToken: z.string().meta({ description: 'To be sent as `X-CSRF-Token` with every change' }),
    expiresAt: timeField,
  })
  .meta({ id: 'SignedIn' });

const signInBody = z.strictObject({ email: emailField, password: passwordField, code: codeField.optional() });

const signInParts = {
  tag: TAG,
  description:
    'The session comes as an HttpOnly cookie. A session that the browser had before ends. A wrong address and a wrong password are answered alike.',
  body: signInBody,
  responses: { 201: { description: 'Signed in', body: signedInSchema } },
  errors: ['sign_in_failed', 'second_factor_required', 'sign_in_busy', 'rate_limited'],
  idempotency: { notNeeded: 'a repeated sign-in only opens another session' },
  examples: { body: { email: 'ada@example.com', password: 'correct horse battery' } },
} as const;

export const signIn = defineOperation({
  ...signInParts,
  method: 'post',
  path: '/v1/sessions',
  operationId: 'signIn',
  summary: 'Sign in as a customer',
  access: publicAccess('signing in is how one gets credentials'),
});

export const signInStaff = defineOperation({
  ...signInParts,
  method: 'post',
  path: '/v1/staff/sessions',
  operationId: 'signInStaff',
  summary: 'Sign in as a member of staff',
  access: publicAccess('signing in is how one gets credentials'),
});

export const signOut = defineOperation({
  method: 'delete',
  path: '/v1/sessions/current',
  operationId: 'signOut',
  tag: TAG,
  summary: 'End this session',
  access: allow(ANY_PERSON),
  responses: { 204: { description: 'Ended', body: null } },
  errors: [],
});

export const listSessions = defineOperation({
  method: 'get',
  path: '/v1/sessions',
  operationId: 'listSessions',
  tag: TAG,
  summary: 'Where you are signed in',
  access: allow(ANY_PERSON),
  responses: {
    200: {
      description: 'Live sessions, newest first',
      body: z.object({
        items: z.array(
          z
            .object({
              id: idField('session'),
              current: z.boolean(),
              createdAt: timeField,
              lastSeenAt: timeField,
              expiresAt: timeField,
              clientAddress: z.string(),
              userAgent: z.string().nullable(),
            })
            .meta({ id: 'Session' }),
        ),
      }),
    },
  },
  errors: [],
});

export const revokeSession = defineOperation({
  method: 'delete',
  path: '/v1/sessions/{sessionId}',
  operationId: 'revokeSession',
  tag: TAG,
  summary: 'End one of your sessions',
  access: allow(ANY_PERSON),
  params: z.strictObject({ sessionId: idField('session') }),
  responses: { 204: { description: 'Ended', body: null } },
  errors: ['session_unknown'],
});

const meSchema = z
  .object({
    kind: z.enum(['customer', 'staff', 'integrator']),
    id: z.string(),
    displayName: z.string(),
    email: z.string().nullable(),
    roles: z.array(z.enum(ROLES)),
    secondFactor: z.boolean(),
    csrfToken: z.string().nullable().meta({ description: 'Of this session; null with an API key' }),
  })
  .meta({ id: 'Me' });

export const getMe = defineOperation({
  method: 'get',
  path: '/v1/me',
  operationId: 'getMe',
  tag: TAG,
  summary: 'Who you are to this API',
  access: allow(ROLES, 'identity:read'),
  responses: { 200: { description: 'You', body: meSchema } },
  errors: [],
});

export const renameMe = defineOperation({
  method: 'patch',
  path: '/v1/me',
  operationId: 'renameMe',
  tag: TAG,
  summary: 'Change the name you are shown by',
  access: allow(ANY_PERSON),
  body: z.strictObject({ displayName: nameField }),
  responses: { 200: { description: 'You', body: meSchema } },
  errors: [],
  versioned: true,
  examples: { body: { displayName: 'Ada King' } },
});

export const changePassword = defineOperation({
  method: 'put',
  path: '/v1/me/password',
  operationId: 'changePassword',
  tag: TAG,
  summary: 'Change your password',
  description: 'Ends every other session of yours.',
  access: allow(ANY_PERSON),
  body: z.strictObject({ currentPassword: passwordField, newPassword: passwordField }),
  responses: { 204: { description: 'Changed', body: null } },
  errors: ['password_wrong', 'password_weak', 'sign_in_busy'],
  examples: { body: { currentPassword: 'correct horse battery', newPassword: 'staple gun and a horse' } },
});

export const beginSecondFactor = defineOperation({
  method: 'post',
  path: '/v1/me/second-factor',
  operationId: 'beginSecondFactor',
  tag: TAG,
  summary: 'Begin to add an authenticator app',
  access: allow(ANY_PERSON),
  body: z.strictObject({ password: passwordField }),
  responses: {
    201: {
      description: 'To be scanned, and confirmed with a code',
      body: z.object({ uri: z.string().meta({ description: 'otpauth key URI; shown once' }) }),
    },
  },
  errors: ['password_wrong', 'second_factor_present', 'sign_in_busy'],
  idempotency: { notNeeded: 'beginning again replaces the secret that nobody has confirmed' },
  examples: { body: { password: 'correct horse battery' } },
});

export const confirmSecondFactor = defineOperation({
  method: 'put',
  path: '/v1/me/second-factor',
  operationId: 'confirmSecondFactor',
  tag: TAG,
  summary: 'Confirm the authenticator app with a code',
  access: allow(ANY_PERSON),
  body: z.strictObject({ code: codeField }),
  responses: { 204: { description: 'From now on sign-in asks for a code', body: null } },
  errors: ['code_wrong', 'second_factor_absent', 'second_factor_present'],
  examples: { body: { code: '123456' } },
});

export const removeSecondFactor = defineOperation({
  method: 'post',
  path: '/v1/me/second-factor/removal',
  operationId: 'removeSecondFactor',
  tag: TAG,
  summary: 'Remove the authenticator app',
  access: allow(ANY_PERSON),
  body: z.strictObject({ password: passwordField, code: codeField }),
  responses: { 204: { description: 'Removed', body: null } },
  errors: ['password_wrong', 'code_wrong', 'second_factor_absent', 'sign_in_busy'],
  idempotency: { notNeeded: 'what is removed cannot be removed twice' },
  examples: { body: { password: 'correct horse battery', code: '123456' } },
});

const apiKeySchema = z
  .object({
    id: idField('credential'),
    label: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    createdAt: timeField,
    expiresAt: timeField.nullable(),
    lastUsedAt: timeField.nullable(),
  })
  .meta({ id: 'ApiKey' });

const createdApiKeySchema = z
  .object({
    apiKey: apiKeySchema,
    key: z
      .string()
      .nullable()
      .meta({ description: 'Shown once: a repeated request with the same idempotency key gets null' }),
  })
  .meta({ id: 'CreatedApiKey' });

const apiKeyWish = {
  label: lineField(100),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  expiresAt: timeField.nullable().optional(),
};

export const createApiKey = defineOperation({
  method: 'post',
  path: '/v1/api-keys',
  operationId: 'createApiKey',
  tag: TAG,
  summary: 'Make an API key for your own account',
  access: allow(['customer']),
  body: z.strictObject({ ...apiKeyWish, password: passwordField }),
  responses: { 201: { description: 'Made', body: createdApiKeySchema } },
  errors: ['password_wrong', 'sign_in_busy'],
  idempotency: 'key',
  examples: { body: { label: 'Bookkeeping', scopes: ['deposits:read'], password: 'correct horse battery' } },
});

export const listApiKeys = defineOperation({
  method: 'get',
  path: '/v1/api-keys',
  operationId: 'listApiKeys',
  tag: TAG,
  summary: 'Your API keys',
  access: allow(['customer']),
  responses: { 200: { description: 'Keys, oldest first', body: z.object({ items: z.array(apiKeySchema) }) } },
  errors: [],
});

export const revokeApiKey = defineOperation({
  method: 'delete',
  path: '/v1/api-keys/{credentialId}',
  operationId: 'revokeApiKey',
  tag: TAG,
  summary: 'Revoke one of your API keys',
  access: allow(['customer']),
  params: z.strictObject({ credentialId: idField('credential') }),
  responses: { 204: { description: 'Revoked', body: null } },
  errors: ['api_key_unknown'],
});

export const registerIntegrator = defineOperation({
  method: 'post',
  path: '/v1/integrators',
  operationId: 'registerIntegrator',
  tag: TAG,
  summary: 'Add an integrator',
  access: allow(['admin']),
  body: z.strictObject({ name: nameField }),
  responses: {
    201: {
      description: 'Added',
      body: z
        .object({ id: idField('integrator'), name: z.string(), createdAt: timeField })
        .meta({ id: 'Integrator' }),
    },
  },
  errors: ['name_taken'],
  idempotency: 'key',
  examples: { body: { name: 'Example Exchange' } },
});

export const createIntegratorKey = defineOperation({
  method: 'post',
  path: '/v1/integrators/{integratorId}/api-keys',
  operationId: 'createIntegratorKey',
  tag: TAG,
  summary: 'Make an API key for an integrator',
  access: allow(['admin']),
  params: z.strictObject({ integratorId: idField('integrator') }),
  body: z.strictObject({ ...apiKeyWish, password: passwordField }),
  responses: { 201: { description: 'Made', body: createdApiKeySchema } },
  errors: ['integrator_unknown', 'password_wrong', 'sign_in_busy'],
  idempotency: 'key',
  examples: { body: { label: 'Production', scopes: ['events:read'], password: 'correct horse battery' } },
});

export const listCustomers = defineOperation({
  method: 'get',
  path: '/v1/customers',
  operationId: 'listCustomers',
  tag: TAG,
  summary: 'Customers in order of registration',
  access: allow(['compliance', 'officer', 'auditor', 'admin']),
  query: pageQuery,
  responses: { 200: { description: 'One page', body: pageOf(customerSchema) } },
  errors: ['cursor_invalid'],
});

export const getCustomer = defineOperation({
  method: 'get',
  path: '/v1/customers/{customerId}',
  operationId: 'getCustomer',
  tag: TAG,
  summary: 'One customer',
  access: allow(['compliance', 'officer', 'auditor', 'admin']),
  params: z.strictObject({ customerId: idField('customer') }),
  responses: { 200: { description: 'The customer', body: customerSchema } },
  errors: ['customer_unknown'],
});
