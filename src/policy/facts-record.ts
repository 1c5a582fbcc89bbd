import { z } from 'zod';
import { canonicalJson, satoshis, type JsonValue } from '../shared/index.ts';
import { PolicyError } from './errors.ts';
import type { Flow, PayeeFacts, Window, WithdrawalFacts } from './facts.ts';
import { REPUTATIONS } from './policy-document-contract.ts';

const decimal = z.string().regex(/^[0-9]{1,20}$/);

const recordSchema = z.strictObject({
  format: z.literal(1),
  askedAtMs: z.int(),
  initiator: z.enum(['customer', 'staff']),
  customer: z.string(),
  amount: decimal,
  balance: z.enum(['vault', 'spending']),
  plan: z.string(),
  riskScore: z.int().nullable(),
  onlyKnown: z.boolean(),
  payees: z.array(
    z.strictObject({
      address: z.string(),
      satoshis: decimal,
      own: z.boolean(),
      ageHours: z.int(),
      known: z.boolean(),
      reputation: z.enum(REPUTATIONS),
    }),
  ),
  raised: z.array(z.strictObject({ ruleHash: z.string(), satoshis: decimal })).optional(),
  flows: z.array(z.strictObject({ window: z.string(), satoshis: decimal, withdrawals: z.int() })),
});

/** A payee with what it gets. */
export type PaidPayee = PayeeFacts & { readonly satoshis: bigint };

/** What was known of a withdrawal when it was judged first, and what its windows held then. */
export interface RecordedFacts extends Omit<WithdrawalFacts, 'kind' | 'nowMs' | 'flow' | 'payees'> {
  readonly payees: readonly PaidPayee[];
  /** By `flowKey`. */
  readonly flows: ReadonlyMap<string, Flow>;
}

/** Names what a window holds; those per customer and global do not depend on the payee. */
export function flowKey({ per, hours }: Window, address: string): string {
  return per === 'destination' ? `${per}/${hours}/${address}` : `${per}/${hours}`;
}

/** The one spelling of what was known. */
export function factsText(facts: RecordedFacts): string {
  const { askedAtMs, initiator, customer, amount, balance, plan, riskScore, onlyKnown, payees, flows } =
    facts;
  const { raised = [] } = facts;
  const record: z.infer<typeof recordSchema> = {
    format: 1,
    ...{ askedAtMs, initiator, customer, balance, plan, riskScore, onlyKnown },
    amount: amount.toString(),
    payees: payees.map(({ satoshis: paid, ...payee }) => ({ ...payee, satoshis: paid.toString() })),
    ...(raised.length === 0
      ? {}
      : { raised: raised.map(({ ruleHash, satoshis: upTo }) => ({ ruleHash, satoshis: upTo.toString() })) }),
    flows: [...flows].map(([window, flow]) => ({
      window,
      satoshis: flow.satoshis.toString(),
      withdrawals: flow.withdrawals,
    })),
  };
  return canonicalJson(record as JsonValue);
}

function raiseOf({ ruleHash, satoshis: upTo }: { readonly ruleHash: string; readonly satoshis: string }) {
  return { ruleHash, satoshis: BigInt(upTo) };
}

/** @throws PolicyError `policy_damaged` for what was never written here. */
export function readFacts(text: string): RecordedFacts {
  const parsed = recordSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new PolicyError('policy_damaged', 'What was known of a withdrawal is damaged.', {
      internal: parsed.error.message,
    });
  }
  const { format: _format, amount, payees, flows, raised, ...rest } = parsed.data;
  return {
    ...rest,
    amount: satoshis(BigInt(amount)),
    ...(raised === undefined ? {} : { raised: raised.map(raiseOf) }),
    payees: payees.map(({ satoshis: paid, ...payee }) => ({ ...payee, satoshis: BigInt(paid) })),
    flows: new Map(
      flows.map(({ window, satoshis: sum, withdrawals }) => [window, { satoshis: BigInt(sum), withdrawals }]),
    ),
  };
}

/** What was recorded, to be judged at a time. @throws RangeError for a window that was not measured. */
export function factsAt(recorded: RecordedFacts, nowMs: number): WithdrawalFacts {
  return {
    ...recorded,
    kind: 'withdrawal',
    nowMs,
    flow: (window, address) => {
      const flow = recorded.flows.get(flowKey(window, address));
      if (flow === undefined)
        throw new RangeError(`the window ${window.per}/${window.hours} was not measured`);
      return flow;
    },
  };
}
