import type { PolicyDocument } from '../../../src/policy/policy-document-contract.ts';
import { PolicedHouse } from '../../policy/policed-house.ts';
import { POLICY, type House } from '../../withdrawals/support/house.ts';

const HOUR_MS = 3_600_000;
const DELAY_HOURS = 1;
const PROPOSER = 0;
const APPROVER = 1;

/** What the house starts with, but that a loosening rests for an hour. */
const LENIENT: PolicyDocument = { ...POLICY, loosening: { delayHours: DELAY_HOURS } };
/** The same, and two people for every amount. */
const STRICT: PolicyDocument = {
  ...LENIENT,
  rules: LENIENT.rules.map((rule) =>
    rule.name === 'small'
      ? { ...rule, then: { outcome: 'approvals', approvals: 2, roles: ['compliance'] } }
      : rule,
  ),
};

/** The policy of a house, changed as people change it: tighter at once, looser by others' word and after a rest. */
export class ChangingPolicy {
  readonly #office: PolicedHouse;

  constructor(house: House) {
    this.#office = new PolicedHouse(house);
  }

  /** Before the first story: later loosenings need not rest for a day. */
  async prepare(): Promise<void> {
    const { document } = await this.#office.inForce();
    if (document.loosening.delayHours === DELAY_HOURS) return;
    await this.#loosen(LENIENT, document.loosening.delayHours);
  }

  /** @throws Error when it is not in force at once. */
  async tighten(): Promise<void> {
    const { number } = await this.#office.inForce();
    const { version, intentId } = await this.#office.change(STRICT, PROPOSER);
    if (version !== number + 1 || intentId !== null) throw new Error('a tighter policy is not in force');
  }

  /** @throws Error when it is in force before others have approved it, or before it has rested. */
  async loosen(): Promise<void> {
    await this.#loosen(LENIENT, DELAY_HOURS);
  }

  async #loosen(document: PolicyDocument, restHours: number): Promise<void> {
    const { number } = await this.#office.inForce();
    const proposed = await this.#office.change(document, PROPOSER);
    if (proposed.intentId === null) throw new Error('a looser policy is in force without a word');
    await this.#expectSettled(0, 'nobody has approved a looser policy, and it is in force');
    await this.#office.house.judge(await this.#office.intentOf(proposed), APPROVER);
    await this.#expectSettled(0, 'a looser policy is in force before it has rested');
    this.#office.house.chain.house.scene.clock.advance(restHours * HOUR_MS);
    await this.#expectSettled(1, 'a looser policy that has rested is not in force');
    const now = await this.#office.inForce();
    if (now.number !== number + 1) throw new Error('another policy is in force');
  }

  async #expectSettled(count: number, complaint: string): Promise<void> {
    if ((await this.#office.settle()) !== count) throw new Error(complaint);
  }
}
