import {
  bookEvent,
  openAccount,
  PURPOSES,
  accountId,
  type Occurrence,
  type Parties,
  type PurposeName,
} from '../../../src/ledger/chart/index.ts';
import { Engine } from '../../../src/ledger/engine/index.ts';
import {
  decodeRecord,
  encodeCommands,
  markRequest,
  resultName,
  type LedgerCommand,
  type ResultName,
} from '../../../src/ledger/format/index.ts';
import { idFromUuid } from '../../../src/shared/index.ts';
import { START_MS } from '../engine/ids.ts';

const uuid = (number: number): string => `01a30000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;

/** Two customers with a vault wallet each, two treasury wallets. */
export const PARTIES = {
  vaultWallet: idFromUuid('wallet', uuid(1)),
  customer: idFromUuid('customer', uuid(2)),
  treasuryWallet: idFromUuid('wallet', uuid(3)),
} as const;
export const PAYEE = idFromUuid('customer', uuid(4));
export const COLD_TREASURY = idFromUuid('wallet', uuid(5));
export const BTC = 1;

export const entity = (number: number): Occurrence['entity'] => idFromUuid('deposit', uuid(100 + number));

/** An engine with the accounts of these parties, and what one can ask of its books. */
export class Books {
  readonly engine = new Engine();
  readonly booked = new Set<string>();

  constructor() {
    const others: Parties = { ...PARTIES, customer: PAYEE, treasuryWallet: COLD_TREASURY };
    const open = (parties: Parties): LedgerCommand[] =>
      (Object.keys(PURPOSES) as PurposeName[]).map((purpose) => openAccount(purpose, BTC, parties));
    this.submit([...open(PARTIES), ...open(others)]);
  }

  submit(commands: readonly LedgerCommand[]): ResultName[] {
    const records = encodeCommands(commands);
    markRequest(records);
    this.engine.apply(records, Math.max(this.engine.timeMs, START_MS) + 1);
    return commands.map((_, index) => resultName(decodeRecord(records, index * 128).result)!);
  }

  /** Books an event between the usual parties and returns the answers. */
  book(event: Occurrence['event'], about: number, amounts: Occurrence['amounts'], attempt = 1): ResultName[] {
    const other = event.startsWith('treasuryMove') ? COLD_TREASURY : PAYEE;
    const parties = { ...PARTIES, other };
    this.booked.add(event);
    return this.submit(
      bookEvent({ event, entity: entity(about), attempt, asset: BTC, parties, amounts: amounts ?? {} }),
    );
  }

  /** A positive balance on the account's own side. */
  balance(purpose: PurposeName, owners: Parties = PARTIES): bigint {
    const { owner, side } = PURPOSES[purpose];
    const id = accountId(purpose, BTC, owner === 'institution' ? undefined : owners[owner]);
    const account = this.engine.account(id)!;
    const balance = account.creditsPosted - account.debitsPosted;
    return side === 'debit' ? -balance : balance;
  }

  available(purpose: PurposeName): bigint {
    const { owner } = PURPOSES[purpose];
    return this.engine.account(accountId(purpose, BTC, owner === 'institution' ? undefined : PARTIES[owner]))!
      .available;
  }

  /** Both books' equations; zero when they hold. */
  imbalances(): { vault: bigint; treasury: bigint } {
    const both = (purpose: PurposeName): bigint =>
      this.balance(purpose) +
      this.balance(purpose, { ...PARTIES, customer: PAYEE, treasuryWallet: COLD_TREASURY });
    const vault =
      this.balance('vault') +
      this.balance('vaultInFlight') +
      this.balance('vaultSuspense') -
      this.balance('vaultReceivable');
    const claims =
      both('spending') + both('treasuryInFlight') + both('treasurySuspense') - both('spendingReceivable');
    const own = this.balance('fees') + this.balance('equity') - this.balance('networkFees');
    return {
      vault: this.balance('vaultCoins') - vault,
      treasury: both('treasury') - claims - own,
    };
  }
}
