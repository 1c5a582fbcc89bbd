import { z } from 'zod';
import { idField, satoshisField } from '../http/fields-contract.ts';
import { RESTRICTION_KINDS } from '../intents/restriction-contract.ts';
import { STAFF_ROLES } from '../shared/index.ts';
import type { EventType } from './event-contract.ts';

const CUSTOMER = 'cus_01jd1f0v00e008000000000001';
const WALLET = 'wal_01jd1f0v00e008000000000001';
const WITHDRAWAL = 'wd_01jd1f0v00e008000000000001';
const INTENT = 'int_01jd1f0v00e008000000000001';
const RESTRICTION = 'rst_01jd1f0v00e008000000000001';
const STAFF = 'stf_01jd1f0v00e008000000000001';
const ADDRESS = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';
const TXID = '6f'.repeat(32);
const BLOCK = '5d'.repeat(32);
const HASH = '1b'.repeat(32);

const LOCK = 'crd_01jd1f0v00e008000000000001';
const NEW_LOCK = 'crd_01jd1f0v00e008000000000002';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const balanceField = z.enum(['vault', 'spending']);
const decimalField = z.string().regex(/^(0|[1-9][0-9]{0,18})$/);
const outpointField = z
  .string()
  .regex(/^[0-9a-f]{64}:[0-9]{1,10}$/)
  .describe('txid:vout');

const lockRecoveryFacts = {
  lost: idField('credential').describe('The lock whose file is lost'),
  lock: idField('credential').describe('The new one'),
};

const depositPlace = {
  wallet: idField('wallet'),
  customer: idField('customer').nullable(),
  outpoint: outpointField,
  satoshis: satoshisField,
};

const EXAMPLE_DEPOSIT = { wallet: WALLET, customer: CUSTOMER, outpoint: `${TXID}:0`, satoshis: '150000' };

function depositMoved(
  state: 'confirming' | 'credited' | 'quarantined' | 'dropped' | 'reversed',
  what: string,
) {
  const isKeptApart = state === 'quarantined';
  return z
    .strictObject({
      ...depositPlace,
      state: z.literal(state),
      balance: balanceField,
      blockHash: hex32.nullable(),
      inclusion: z.int().describe('How often a block has had it by now'),
      quarantine: z
        .enum(['dust', 'address_not_given', 'change_branch', 'account_closed', 'review'])
        .optional()
        .describe('Why it is kept apart'),
    })
    .meta({
      description: what,
      examples: [
        {
          ...EXAMPLE_DEPOSIT,
          state,
          balance: 'vault',
          blockHash: BLOCK,
          inclusion: 1,
          ...(isKeptApart ? { quarantine: 'dust' } : {}),
        },
      ],
    });
}

const intentFacts = { intent: idField('intent'), kind: z.string(), hash: hex32 };
const EXAMPLE_INTENT = { intent: INTENT, kind: 'withdrawal', hash: HASH };

const withdrawalFacts = {
  withdrawal: idField('withdrawal'),
  customer: idField('customer'),
  balance: balanceField,
  amountSatoshis: satoshisField,
};

const EXAMPLE_WITHDRAWAL = {
  withdrawal: WITHDRAWAL,
  customer: CUSTOMER,
  balance: 'vault',
  amountSatoshis: '500000',
};

function restrictionMoved(what: string) {
  return z
    .strictObject({
      restriction: idField('restriction'),
      customer: idField('customer'),
      kind: z.enum(RESTRICTION_KINDS),
      text: z.string().describe('What the customer may read'),
    })
    .meta({
      description: what,
      examples: [
        {
          restriction: RESTRICTION,
          customer: CUSTOMER,
          kind: 'whole_lock',
          text: 'You locked this account.',
        },
      ],
    });
}

function legalHoldMoved(what: string) {
  return z
    .strictObject({ satoshis: satoshisField, heldSatoshis: satoshisField, reference: z.string() })
    .meta({
      description: what,
      examples: [{ satoshis: '500000', heldSatoshis: '500000', reference: 'AG Köln 12 K 34/26' }],
    });
}

type WithdrawalEnd =
  'approved' | 'rejected' | 'cancelled' | 'expired' | 'broadcast' | 'replaced' | 'confirmed' | 'failed';

function withdrawalMoved(
  state: WithdrawalEnd,
  what: string,
  example: { readonly [name: string]: string } = {},
) {
  return z
    .strictObject({
      ...withdrawalFacts,
      state: z.literal(state),
      payout: idField('payout').optional(),
      txid: hex32.optional().describe('The transaction that pays it'),
      height: decimalField.optional().describe('The block that has it'),
      feeSatoshis: satoshisField.optional().describe('The whole network fee of that transaction'),
      byTxid: hex32.optional().describe('The other transaction, which spent a coin of it'),
      reason: z.string().optional(),
    })
    .meta({ description: what, examples: [{ ...EXAMPLE_WITHDRAWAL, state, ...example }] });
}

/**
 * What `data` holds, by type: closed, so that receivers know every member and a slip is refused when it is written.
 * Each has a description and an example, which the API's documentation shows.
 */
export const EVENT_DATA: { readonly [Type in EventType]: z.ZodType } = {
  'account.restricted': restrictionMoved('A customer is restricted: some or all payments are refused.'),
  'account.released': restrictionMoved('A restriction is lifted; others may remain.'),
  'address.created': z
    .strictObject({
      wallet: idField('wallet'),
      customer: idField('customer'),
      address: z.string(),
      index: z.int(),
      label: z.string().nullable(),
    })
    .meta({
      description: 'An address was given out.',
      examples: [{ wallet: WALLET, customer: CUSTOMER, address: ADDRESS, index: 7, label: 'Rent of March' }],
    }),
  'alert.raised': z
    .strictObject({
      code: z.string().regex(/^[a-z][a-z0-9_]{1,80}$/),
      during: z
        .string()
        .regex(/^[a-z][a-z_]*(\.[a-z][a-z_]*)+$/)
        .describe('What was being done'),
      text: z.string().max(500),
    })
    .meta({
      description:
        'Something was refused that honest people and programs do not cause. Somebody should look.',
      examples: [
        {
          code: 'signature_wrong',
          during: 'intent.judge',
          text: 'The signature does not fit what was signed.',
        },
      ],
    }),
  'api_key.created': z
    .strictObject({
      credential: idField('credential'),
      label: z.string(),
      scopes: z.array(z.string()).describe('What the key may do'),
      expiresAt: z.iso.datetime().nullable(),
    })
    .meta({
      description: 'Somebody with the customer’s password made an API key.',
      examples: [{ credential: LOCK, label: 'Shop', scopes: ['transfers:read'], expiresAt: null }],
    }),
  'api_key.revoked': z.strictObject({ credential: idField('credential'), label: z.string() }).meta({
    description: 'An API key of a customer does nothing any more.',
    examples: [{ credential: LOCK, label: 'Shop' }],
  }),
  'chain.held': z
    .strictObject({
      code: z.string(),
      kind: z.string().nullable().describe('Of a disagreement: what is wrong between the nodes'),
      text: z.string(),
      heldSince: z.iso.datetime(),
    })
    .meta({
      description:
        'The chain cannot be followed as it should be: nothing is credited or paid out until it can.',
      examples: [
        {
          code: 'chain_disagreement',
          kind: 'stale_tip',
          text: 'The Bitcoin nodes asked do not agree.',
          heldSince: '2026-01-26T12:00:00.000Z',
        },
      ],
    }),
  'chain.resumed': z.strictObject({ code: z.string(), heldSince: z.iso.datetime() }).meta({
    description: 'The chain is followed again, and what was held goes on.',
    examples: [{ code: 'chain_disagreement', heldSince: '2026-01-26T12:00:00.000Z' }],
  }),
  'approval.escalated': z
    .strictObject({ ...intentFacts, to: z.literal('officer'), since: z.iso.datetime() })
    .meta({
      description: 'Nobody has judged an intent for too long; a further role is told, once.',
      examples: [{ ...EXAMPLE_INTENT, to: 'officer', since: '2026-06-01T12:00:00.000Z' }],
    }),
  'approval.requested': z.strictObject({ ...intentFacts, state: z.literal('open') }).meta({
    description: 'An intent, signed by whoever asks, waits for approvals.',
    examples: [{ ...EXAMPLE_INTENT, state: 'open' }],
  }),
  'approval.given': z
    .strictObject({
      ...intentFacts,
      state: z.enum(['open', 'approved']).describe('`approved` when this was the last that was needed'),
      approver: idField('staff'),
      decision: z.literal('approve'),
    })
    .meta({
      description: 'Somebody approved an intent.',
      examples: [{ ...EXAMPLE_INTENT, state: 'approved', approver: STAFF, decision: 'approve' }],
    }),
  'approval.refused': z
    .strictObject({
      ...intentFacts,
      state: z.literal('rejected'),
      approver: idField('staff')
        .optional()
        .describe('Absent when a rule refused it before anybody was asked'),
      decision: z.literal('reject').optional(),
    })
    .meta({
      description: 'An intent was rejected.',
      examples: [{ ...EXAMPLE_INTENT, state: 'rejected', approver: STAFF, decision: 'reject' }],
    }),
  'contact.changed': z
    .strictObject({ channel: z.literal('sms'), ending: z.string().max(4).nullable() })
    .meta({
      description: 'The number that a customer gets text messages at was set, or removed.',
      examples: [{ channel: 'sms', ending: '0199' }],
    }),
  'credential.added': z.strictObject({ label: z.string() }).meta({
    description: 'A customer added a key that signs withdrawals.',
    examples: [{ label: 'Key on my laptop' }],
  }),
  'customer.created': z.strictObject({ displayName: z.string() }).meta({
    description: 'Somebody became a customer.',
    examples: [{ displayName: 'Ada Lovelace' }],
  }),
  'deposit.detected': z
    .strictObject({ ...depositPlace, address: z.string(), blockHash: hex32, height: z.int() })
    .meta({
      description: 'A block holds a payment to an address of ours.',
      examples: [{ ...EXAMPLE_DEPOSIT, address: ADDRESS, blockHash: BLOCK, height: 867_530 }],
    }),
  'deposit.confirming': depositMoved(
    'confirming',
    'A deposit is shown as pending until it has enough confirmations.',
  ),
  'deposit.credited': depositMoved('credited', 'A deposit has enough confirmations and is in the balance.'),
  'deposit.quarantined': depositMoved('quarantined', 'A deposit is kept apart and not credited.'),
  'deposit.dropped': depositMoved('dropped', 'A deposit left the chain before it was credited.'),
  'deposit.reversed': depositMoved('reversed', 'A credited deposit left the chain and was taken back.'),
  'drill.recorded': z
    .strictObject({ drill: z.string().regex(/^[0-9a-f]{32}$/), roles: z.array(z.string()).min(1) })
    .meta({
      description: 'Keys of a wallet were restored from a backup site and proved that they sign for it.',
      examples: [{ drill: 'a1'.repeat(16), roles: ['cold'] }],
    }),
  'drill.failed': z
    .strictObject({ drill: z.string().regex(/^[0-9a-f]{32}$/), codes: z.array(z.string()).min(1) })
    .meta({
      description: 'A key of a wallet could not be restored from a backup site. Officers must act.',
      examples: [{ drill: 'a1'.repeat(16), codes: ['file_missing'] }],
    }),
  'drill.overdue': z.strictObject({ since: z.iso.datetime(), limitDays: z.int() }).meta({
    description: 'For longer than the limit, nobody has proved that the keys of a wallet can be restored.',
    examples: [{ since: '2026-06-01T12:00:00.000Z', limitDays: 90 }],
  }),
  'master_lock.registered': z
    .strictObject({
      replaces: idField('credential').nullable().describe('The lock whose place it has taken'),
    })
    .meta({
      description: 'The signer has pinned a customer’s master lock: from now on it counts.',
      examples: [{ replaces: null }],
    }),
  'master_lock.refused': z
    .strictObject({ asked: z.enum(['registration', 'revocation']), reason: z.string() })
    .meta({
      description: 'The signer refused to register or to revoke a master lock; nothing has changed.',
      examples: [{ asked: 'registration', reason: 'The lock was not signed within the last day.' }],
    }),
  'master_lock.recovery_began': z
    .strictObject({
      ...lockRecoveryFacts,
      intent: idField('intent'),
      hash: hex32.describe('The `subject` of a statement that objects'),
      readyAt: z.iso
        .datetime()
        .describe('The new lock takes the lost one’s place then, unless somebody objects'),
    })
    .meta({
      description:
        'Officers gave a customer a new master lock for one whose file is lost. The customer may object for 14 days.',
      examples: [
        { lost: LOCK, lock: NEW_LOCK, intent: INTENT, hash: HASH, readyAt: '2026-02-14T12:00:00.000Z' },
      ],
    }),
  'master_lock.recovery_completed': z.strictObject(lockRecoveryFacts).meta({
    description: 'The 14 days are over: the new master lock is in force.',
    examples: [{ lost: LOCK, lock: NEW_LOCK }],
  }),
  'master_lock.recovery_ended': z
    .strictObject({ ...lockRecoveryFacts, outcome: z.enum(['cancelled', 'superseded', 'refused']) })
    .meta({
      description: 'The way back to a lost master lock ended without a new one.',
      examples: [{ lost: LOCK, lock: NEW_LOCK, outcome: 'cancelled' }],
    }),
  'master_lock.ended': z.strictObject({ reason: z.enum(['replaced', 'revoked', 'recovered']) }).meta({
    description: 'A master lock signs nothing any more.',
    examples: [{ reason: 'revoked' }],
  }),
  'allow_list.changed': z.strictObject({ onlyKnown: z.boolean(), beginsAt: z.iso.datetime() }).meta({
    description: 'A customer lets payments go only to the address book, or elsewhere again.',
    examples: [{ onlyKnown: true, beginsAt: '2026-01-26T12:00:00.000Z' }],
  }),
  'destination.added': z
    .strictObject({
      destination: idField('destination'),
      address: z.string(),
      label: z.string(),
      usableAt: z.iso.datetime().describe('From then on it counts as known'),
    })
    .meta({
      description: 'A customer put a destination into the address book; it cools off.',
      examples: [
        {
          destination: 'dst_01jd1f0v00e008000000000001',
          address: ADDRESS,
          label: 'My hardware wallet',
          usableAt: '2026-01-27T12:00:00.000Z',
        },
      ],
    }),
  'password.changed': z.strictObject({}).meta({
    description: 'A customer’s password was replaced, and every other session ended.',
    examples: [{}],
  }),
  'second_factor.added': z.strictObject({}).meta({
    description: 'From now on a customer’s password alone does not suffice to sign in.',
    examples: [{}],
  }),
  'second_factor.removed': z.strictObject({}).meta({
    description: 'From now on a customer’s password suffices to sign in.',
    examples: [{}],
  }),
  'policy.changed': z
    .strictObject({
      draft: idField('policy'),
      version: z.int().min(2),
      policyHash: hex32,
      loosens: z.boolean(),
    })
    .meta({
      description: 'A policy is in force: what is judged from now on is judged by it.',
      examples: [{ draft: 'pol_01jd1f0v00e008000000000001', version: 2, policyHash: HASH, loosens: false }],
    }),
  'legal_hold.imposed': legalHoldMoved('Staff entered a legal order to hold a part of a balance.'),
  'legal_hold.held': legalHoldMoved('All that a legal order names is held in the ledger.'),
  'legal_hold.lifted': legalHoldMoved('A legal order is lifted; what it held is free.'),
  'limit.raised': z
    .strictObject({
      intent: idField('intent'),
      rule: z.string(),
      satoshis: satoshisField.describe('Up to and including this the rule does not count'),
      until: z.iso.datetime(),
    })
    .meta({
      description: 'A limit of a customer was raised for a time.',
      examples: [{ intent: INTENT, rule: 'daily', satoshis: '500000000', until: '2026-02-26T12:00:00.000Z' }],
    }),
  'limit.revoked': z.strictObject({ intent: idField('intent'), rule: z.string() }).meta({
    description: 'A raised limit counts as before.',
    examples: [{ intent: INTENT, rule: 'daily' }],
  }),
  'staff.changed': z
    .strictObject({
      roles: z.array(z.enum(STAFF_ROLES)),
      suspended: z.boolean(),
      intent: idField('intent')
        .nullable()
        .describe('By which it was approved; null when something was taken away, which one officer does'),
    })
    .meta({
      description: 'A member of staff may do something else from now on.',
      examples: [{ roles: ['compliance'], suspended: false, intent: INTENT }],
    }),
  'transfer.completed': z
    .strictObject({
      direction: z.enum(['sent', 'received']),
      counterparty: idField('customer'),
      amountSats: satoshisField,
      memo: z.string().max(140).nullable(),
    })
    .meta({
      description: 'A transfer was committed. Sender and recipient get an event each.',
      examples: [
        { direction: 'received', counterparty: CUSTOMER, amountSats: '150000', memo: 'Thanks for lunch' },
      ],
    }),
  'wallet.created': z
    .strictObject({ customer: idField('customer').nullable(), plan: z.string(), label: z.string() })
    .meta({
      description: 'A wallet was asked for; it is being opened.',
      examples: [{ customer: CUSTOMER, plan: 'custodial', label: 'Savings' }],
    }),
  'wallet.opened': z.strictObject({ descriptorHash: hex32 }).meta({
    description: 'A wallet is open: its descriptor is pinned and it gives out addresses.',
    examples: [{ descriptorHash: HASH }],
  }),
  'wallet.recovery_kit_issued': z.strictObject({ checksum: hex32 }).meta({
    description: 'A recovery kit of a wallet was handed out; whoever has it can watch the wallet.',
    examples: [{ checksum: HASH }],
  }),
  'wallet.failed': z.strictObject({ obstacle: z.string() }).meta({
    description: 'A wallet cannot be opened.',
    examples: [{ obstacle: 'key_attested_by_stranger: No station of the manifest attested this key.' }],
  }),
  'webhook.changed': z
    .strictObject({ place: z.string().describe('Without what its path and query may hold') })
    .meta({
      description: 'What happens to an account is sent to another place, as others have approved.',
      examples: [{ place: 'https://example.com' }],
    }),
  'webhook.disabled': z
    .strictObject({ reason: z.enum(['gone', 'failing']), failingSince: z.iso.datetime().nullable() })
    .meta({
      description:
        'A webhook was disabled, since its receiver said that it is gone or took nothing for days.',
      examples: [{ reason: 'failing', failingSince: '2026-01-26T12:00:00.000Z' }],
    }),
  'webhook.test': z
    .strictObject({ note: z.literal('This is a test.') })
    .meta({ description: 'What its owner asked to be sent.', examples: [{ note: 'This is a test.' }] }),
  'withdrawal.requested': z.strictObject({ ...withdrawalFacts, maxFeeSatoshis: satoshisField }).meta({
    description: 'A withdrawal was asked for; it waits for the customer’s signature.',
    examples: [{ ...EXAMPLE_WITHDRAWAL, maxFeeSatoshis: '10000' }],
  }),
  'withdrawal.approved': withdrawalMoved('approved', 'A withdrawal has all approvals that it needs.'),
  'withdrawal.rejected': withdrawalMoved('rejected', 'A withdrawal was rejected; nothing is held any more.', {
    reason: 'The payee is on a list.',
  }),
  'withdrawal.cancelled': withdrawalMoved('cancelled', 'A withdrawal was taken back.', {
    reason: 'Taken back by whoever asked for it.',
  }),
  'withdrawal.expired': withdrawalMoved('expired', 'A withdrawal was not carried out in time.', {
    reason: 'It was not carried out in time.',
  }),
  'withdrawal.broadcast': withdrawalMoved('broadcast', 'The transaction is on its way.', { txid: TXID }),
  'withdrawal.replaced': withdrawalMoved('replaced', 'Another transaction has spent its coins.', {
    byTxid: HASH,
    reason: 'A transaction that is none of ours has spent a coin of it.',
  }),
  'withdrawal.confirmed': withdrawalMoved('confirmed', 'The transaction is in the chain, and booked.', {
    txid: TXID,
    height: '867530',
    feeSatoshis: '3780',
  }),
  'withdrawal.failed': withdrawalMoved('failed', 'A withdrawal cannot be paid; nothing is held any more.', {
    reason: 'The balance does not suffice.',
  }),
};
