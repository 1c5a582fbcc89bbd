import type { WalletPlan } from '../../src/intents/index.ts';
import {
  makeKit,
  readKit,
  type CheckedKit,
  type KitEnvelopes,
  type RecoveryKit,
} from '../../src/recovery/index.ts';
import { custody, registeredWallet, type Custody, type TestWallet } from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';

export interface KitScene {
  readonly house: Custody;
  readonly wallet: TestWallet;
  readonly kit: RecoveryKit;
}

export interface KitWishes {
  readonly birthHeight?: number;
  readonly birthTime?: Date | null;
  readonly envelopes?: KitEnvelopes | null;
}

/** The kit of a wallet of a plan, as the institution would hand it out. */
export function kitOf(plan: WalletPlan, name: string = plan, wishes: KitWishes = {}): KitScene {
  const house = custody();
  const treasury = plan === 'treasury_hot' || plan === 'treasury_cold';
  const wallet = registeredWallet(house, name, { plan, ...(treasury ? { customer: null } : {}) });
  const kit = makeKit({
    registration: wallet.registration,
    receipt: wallet.receipt,
    label: 'Savings',
    birthHeight: wishes.birthHeight ?? 0,
    birthTime: wishes.birthTime ?? null,
    nowMs: NOW,
    envelopes: wishes.envelopes ?? null,
  });
  return { house, wallet, kit };
}

/** The same after it was written to paper or disk and read back. */
export function readBack({ kit, house }: KitScene): Promise<CheckedKit> {
  return readKit(JSON.parse(JSON.stringify(kit)), house.manifest);
}
