import { inTransaction } from '../../../src/database/index.ts';
import { idToUuid, parseId, type Id, type IdKind, type WithdrawalId } from '../../../src/shared/index.ts';
import type { Intent } from '../../../src/intents/index.ts';
import type { StepParts } from '../../../src/withdrawals/index.ts';
import { stepWithdrawals } from '../../../src/withdrawals/index.ts';
import { importBundle, awaitedBundles } from '../../../src/withdrawals/index.ts';
import { House, SOMEBODY, type Owner } from '../../withdrawals/support/house.ts';
import { gatedCalls, gatedDatabase, type Gate } from './interleaving.ts';

/** Under load an actor waits for its turn, with its transaction open. */
const PATIENT = { timeoutMs: 120_000 };
/** How often a worker looks, beside others who change things all the time. */
const LOOKS = 6;

/** What several processes of an institution do at the same time. */
export class RaceHouse {
  readonly house: House;
  readonly failures: unknown[] = [];

  private constructor(house: House) {
    this.house = house;
  }

  static async open(): Promise<RaceHouse> {
    return new RaceHouse(await House.open());
  }

  close(): Promise<void> {
    return this.house.close();
  }

  /** The parts of one process: whatever it does outside itself waits for its turn. */
  partsOf(gate: Gate): StepParts {
    const { parts } = this.house;
    return {
      ...parts,
      database: gatedDatabase(parts.database, gate),
      ledger: gatedCalls(parts.ledger, gate),
      cosigner: gatedCalls(parts.cosigner, gate),
    };
  }

  /** A worker that looks a few times. What fails it tries again, as it does. */
  async work(gate: Gate): Promise<void> {
    const parts = this.partsOf(gate);
    for (let look = 0; look < LOOKS; look++) {
      await stepWithdrawals(parts, (thrown) => this.failures.push(thrown)).catch((thrown: unknown) =>
        this.failures.push(thrown),
      );
    }
  }

  async sign(gate: Gate, owner: Owner, intent: Intent): Promise<void> {
    const { parts } = this.house;
    const request = this.house.signatureOf(owner, intent);
    await inTransaction(
      gatedDatabase(parts.database, gate),
      (tx) => parts.queue.sign(tx, parseId('intent', intent.id), request, SOMEBODY),
      PATIENT,
    );
  }

  async approve(gate: Gate, intent: Intent): Promise<void> {
    const { parts } = this.house;
    const approval = this.house.approvalBy(intent);
    await inTransaction(
      gatedDatabase(parts.database, gate),
      (tx) =>
        parts.queue.judge(tx, parseId('intent', intent.id), approval, approval.statement.approver, SOMEBODY),
      PATIENT,
    );
  }

  async cancel(gate: Gate, intent: Intent): Promise<void> {
    const { parts } = this.house;
    await inTransaction(
      gatedDatabase(parts.database, gate),
      (tx) => parts.queue.cancel(tx, parseId('intent', intent.id), SOMEBODY, 'changed my mind'),
      PATIENT,
    );
  }

  /** The operator brings back what the station has signed. */
  async importSigned(gate: Gate, intent: Intent): Promise<void> {
    const parts = this.partsOf(gate);
    for (const { bundle } of await awaitedBundles(this.house.parts)) {
      if (!bundle.intents.some(({ intent: { id } }) => id === intent.id)) continue;
      await importBundle(parts, await this.house.signedBundle(bundle), SOMEBODY);
    }
  }

  /** Until nothing moves by itself any more: failures are tried again, blocks come. */
  async settle(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      this.house.chain.house.scene.clock.advance(61_000);
      await this.house.settle();
    }
  }

  async confirmed(): Promise<void> {
    await this.house.mine();
    await this.settle();
  }

  state(id: WithdrawalId): Promise<string> {
    return this.house.state(id);
  }

  /** How often something was done to an entity, by the audit log. */
  times(entity: Id<IdKind>, action: string): Promise<number> {
    return this.house.database.auditEntry.count({ where: { entity, action } });
  }

  /** Coins that are set aside for nothing. */
  async keptFor(id: WithdrawalId): Promise<number> {
    const { payoutId } = await this.house.database.withdrawal.findUniqueOrThrow({
      where: { id: idToUuid(id) },
    });
    return payoutId === null ? 0 : await this.house.database.payoutInput.count({ where: { payoutId } });
  }
}
