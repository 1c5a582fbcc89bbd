// Writes docs/ledger.md from the tables in src/ledger/chart.
import { format } from 'prettier';
import {
  EVENTS,
  PURPOSES,
  type BusinessEvent,
  type EventName,
  type PurposeName,
  type Step,
} from '../../../src/ledger/chart/index.ts';

const OWNERS = {
  vaultWallet: 'vault wallet',
  customer: 'customer',
  treasuryWallet: 'treasury wallet',
  institution: 'institution',
};
const SIDES = { credit: 'debits ≤ credits', debit: 'credits ≤ debits', either: 'none' };

const INTRODUCTION = `# The books

Made from the tables in \`src/ledger/chart\`; \`npx vitest run --config test/vitest.config.ts test/ledger/chart -u\` writes it anew, and a test fails while it differs.

Every amount is booked twice, as a debit of one account and a credit of another, so per asset all accounts add up to zero. What we hold, are owed or have spent grows by debits; claims on us and income grow by credits. Each purpose below has one account per asset and owner, whose id is derived from the three; the bytes are in [ledger-format.md](ledger-format.md).

There are two books, and no posting has one foot in each:

- **Vault**, per wallet: vaultCoins = vault + vaultInFlight + vaultSuspense − vaultReceivable, to the satoshi its unspent outputs.
- **Treasury**, over all: treasury = spending + treasuryInFlight + treasurySuspense + fees + equity − spendingReceivable − networkFees.

Money moves between the books on the chain alone, and the two sides are then booked in one linked chain.
`;

function accounts(): string {
  const rows = Object.entries(PURPOSES).map(
    ([name, { code, book, owner, side, says }]) =>
      `| ${name} | ${code} | ${book} | ${OWNERS[owner]} | ${SIDES[side]} | ${says} |`,
  );
  return `## Accounts\n\n| account | code | book | owner | limit | |\n|---|---:|---|---|---|---|\n${rows.join('\n')}\n`;
}

function cell(purpose: PurposeName, isOther: true | undefined): string {
  return isOther === true ? `${purpose} of the other` : purpose;
}

function amount(step: Step): string {
  if (step.form === 'post' || step.form === 'void') return 'the hold';
  return step.form === 'collect' ? `up to *${step.amount ?? ''}*` : `*${step.amount ?? ''}*`;
}

function rows(name: string, event: BusinessEvent): string {
  return event.steps
    .map((step, index) => {
      const first = index === 0 ? `${event.code} | **${name}** | ${event.says}` : '| | ';
      const form = step.of === undefined ? step.form : `${step.form} of ${step.of}`;
      const debit = cell(step.debit, step.debitOfOther);
      const credit = cell(step.credit, step.creditOfOther);
      return `| ${first} | ${step.name} | ${form} | ${debit} | ${credit} | ${amount(step)} |`;
    })
    .join('\n');
}

function events(): string {
  const all = (Object.keys(EVENTS) as EventName[]).map((name) => rows(name, EVENTS[name]));
  return `## Events

The code of an event is the code of its transfers. Several steps are one linked chain: all or none; a step whose amount is zero is left out. A *hold* is a pending transfer, without timeout; *post* and *void* end it; *collect* is a balancing transfer, which moves at most what the debit account has and the credit account is owed. Transfer ids are derived from the entity, the event's step and the attempt (for a deposit, its inclusion cycle), so booking an event again is harmless.

| code | event | | step | form | debit | credit | amount |
|---:|---|---|---|---|---|---|---|
${all.join('\n')}
`;
}

/** Formatted as the house formats all its documents. */
export function ledgerDocument(): Promise<string> {
  return format([INTRODUCTION, accounts(), events()].join('\n'), { parser: 'markdown' });
}
