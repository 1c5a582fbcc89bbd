import { z } from 'zod';
import { idText, instant, plainText, satoshiText } from '../intents/fields-contract.ts';
import { CONTROL_KINDS } from '../intents/intent-contract.ts';
import { APPROVER_ROLES } from '../intents/manifest-contract.ts';
import { WALLET_PLANS } from '../intents/wallet-registration-contract.ts';

/** Longer policies are not read by anybody, and a request body holds no more. */
export const MAX_POLICY_BYTES = 240_000;
const MAX_RULES = 1_000;
const MAX_LISTS = 100;
const MAX_LISTED = 2_000;
const MAX_WINDOW_HOURS = 31 * 24;
const MAX_DELAY_MINUTES = 7 * 24 * 60;

/** What the lists of the institution say of an address, the best first. */
export const REPUTATIONS = ['unlisted', 'watched', 'blocked', 'sanctioned'] as const;
export type Reputation = (typeof REPUTATIONS)[number];

/** A name for rules and lists, for logs and sentences. */
const nameText = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, { error: 'small letters, digits and hyphens' });

/** The list that every customer has: destinations of their own that have cooled off. */
export const ADDRESS_BOOK = 'address-book';

interface Bounds {
  readonly from?: string | number | undefined;
  readonly upTo?: string | number | undefined;
}

const DECIMAL = /^[0-9]+$/;

/** Whether a range holds anything. What is no number is refused where it stands. */
function ordered({ from, upTo }: Bounds): boolean {
  if (from === undefined || upTo === undefined) return true;
  const [least, most] = [String(from), String(upTo)];
  return !DECIMAL.test(least) || !DECIMAL.test(most) || BigInt(least) <= BigInt(most);
}

function bounds<Value extends z.ZodType<string | number>>(value: Value) {
  return z
    .strictObject({ from: value.optional(), upTo: value.optional() })
    .refine(({ from, upTo }) => from !== undefined || upTo !== undefined, { error: 'a bound at least' })
    .refine(ordered, { error: 'bounds that hold nothing' })
    .meta({ description: 'Both bounds belong to it' });
}

function someOf<Value extends z.ZodType<string>>(value: Value, max = 100) {
  return z
    .array(value)
    .min(1)
    .max(max)
    .refine((values) => new Set(values).size === values.length, { error: 'one thing named twice' });
}

const velocitySchema = z
  .strictObject({
    per: z.enum(['customer', 'destination', 'global']),
    hours: z.int().min(1).max(MAX_WINDOW_HOURS),
    satoshis: bounds(satoshiText).optional(),
    withdrawals: bounds(z.int().min(0).max(1_000_000_000)).optional(),
  })
  .refine(({ satoshis, withdrawals }) => satoshis !== undefined || withdrawals !== undefined, {
    error: 'a window measures something',
  });

const destinationSchema = z
  .strictObject({
    own: z.boolean().optional().meta({ description: 'The customer’s own other balance' }),
    ageHours: bounds(z.int().min(0).max(1_000_000)).optional().meta({
      description: 'Since the customer first paid it or put it into the address book; 0 for a new one',
    }),
    in: someOf(nameText).optional().meta({ description: 'In one of these lists at least' }),
    notIn: someOf(nameText).optional().meta({ description: 'In none of these lists' }),
    reputation: someOf(z.enum(REPUTATIONS)).optional(),
  })
  .refine((it) => Object.values(it).some((value) => value !== undefined), { error: 'a condition at least' });

const clockText = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, { error: '00:00 to 23:59' });

const timeOfDaySchema = z
  .strictObject({
    from: clockText,
    until: clockText.meta({ description: 'Not included; before `from`, it is on the next day' }),
  })
  .refine(({ from, until }) => from !== until, { error: 'a time that never is' })
  .meta({ description: 'UTC, by when the withdrawal was asked for' });

const whenSchema = z
  .strictObject({
    kinds: someOf(z.enum(['withdrawal', ...CONTROL_KINDS]))
      .optional()
      .meta({ description: '`withdrawal` unless told' }),
    amountSatoshis: bounds(satoshiText).optional().meta({ description: 'With the highest network fee' }),
    velocity: z.array(velocitySchema).min(1).max(8).optional(),
    destination: destinationSchema.optional(),
    assets: someOf(z.enum(['bitcoin'])).optional(),
    plans: someOf(z.enum(WALLET_PLANS)).optional(),
    balances: someOf(z.enum(['vault', 'spending'])).optional(),
    timeOfDay: timeOfDaySchema.optional(),
    initiators: someOf(z.enum(['customer', 'staff'])).optional(),
    customers: someOf(idText('customer')).optional(),
    riskScore: bounds(z.int().min(0).max(100)).optional().meta({
      description: '0 to 100; 100 when nobody has judged the customer',
    }),
  })
  .meta({ description: 'All of it must hold; nothing at all holds always' });

const delayMinutes = z.int().min(1).max(MAX_DELAY_MINUTES);

const outcomeSchema = z.discriminatedUnion('outcome', [
  z
    .strictObject({ outcome: z.literal('allow') })
    .meta({ description: 'What the manifest asks for suffices' }),
  z
    .strictObject({
      outcome: z.literal('approvals'),
      approvals: z.int().min(1).max(15),
      roles: someOf(z.enum(APPROVER_ROLES)),
      localApprovals: z.int().min(0).max(15).optional(),
      delayMinutes: delayMinutes.optional(),
    })
    .refine(({ approvals, localApprovals = 0 }) => localApprovals <= approvals, {
      error: 'more approvals by key file than approvals',
    })
    .meta({ description: 'So many different people, besides what the manifest asks for' }),
  z
    .strictObject({ outcome: z.literal('delay'), delayMinutes })
    .meta({ description: 'What the manifest asks for, and then time passes' }),
  z.strictObject({ outcome: z.literal('deny') }),
]);

const ruleSchema = z.strictObject({
  name: nameText,
  because: plainText.min(1).meta({ description: 'Why, for people' }),
  when: whenSchema,
  then: outcomeSchema,
  expiresAt: instant.optional().meta({ description: 'From then on the rule does not exist' }),
});

const listSchema = z.strictObject({
  name: nameText,
  addresses: z.array(z.string().min(14).max(100)).max(MAX_LISTED),
  includes: z
    .array(nameText)
    .max(MAX_LISTS)
    .optional()
    .meta({ description: 'All that these lists hold too' }),
});

/**
 * A policy: rules in order, of which the first that matches decides. Whatever none matches is denied. It can only
 * ask for more than the officers' manifest does.
 */
export const policyDocumentSchema = z
  .strictObject({
    format: z.literal(1),
    title: plainText.min(1),
    loosening: z.strictObject({
      delayHours: z
        .int()
        .min(1)
        .max(30 * 24)
        .meta({ description: 'How long a looser policy rests after its approval' }),
    }),
    addressBook: z.strictObject({
      coolingOffHours: z
        .int()
        .min(0)
        .max(30 * 24)
        .meta({ description: 'Before a new destination counts as known' }),
    }),
    lists: z.array(listSchema).max(MAX_LISTS),
    rules: z.array(ruleSchema).max(MAX_RULES),
  })
  .meta({ id: 'PolicyDocument' });

export type PolicyDocument = z.infer<typeof policyDocumentSchema>;
export type PolicyRule = PolicyDocument['rules'][number];
export type RuleOutcome = PolicyRule['then'];
export type RuleCondition = PolicyRule['when'];
export type PolicyList = PolicyDocument['lists'][number];
