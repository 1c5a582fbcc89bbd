import type { DemoHouse } from './demo-house.ts';
import type { Narrator } from './narrator.ts';
import type { DemoApprover, DemoCustomer } from './people.ts';

/** Who and what the scenes play with. */
export interface Stage {
  readonly house: DemoHouse;
  readonly narrator: Narrator;
  readonly ada: DemoCustomer;
  readonly ben: DemoCustomer;
  readonly approver: DemoApprover;
}
