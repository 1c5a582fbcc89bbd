import { checkWorld, comesToRest } from '../checker/check-world.ts';
import { FaultWorld } from './fault-world.ts';
import { Pilot } from './pilot.ts';
import type { SpecialDeed } from './paths.ts';
import type { SeededRandom } from './random.ts';
import { Story } from './story.ts';

/** What a customer does next. */
export const DEEDS = ['deposit', 'transfer', 'vault withdrawal', 'spending withdrawal', 'cancelled'] as const;
export type Deed = (typeof DEEDS)[number] | SpecialDeed;

/** A running institution with customers who use it, whatever breaks. */
export class Life {
  readonly world: FaultWorld;
  readonly pilot: Pilot;
  readonly story: Story;

  private constructor(world: FaultWorld) {
    this.world = world;
    this.pilot = new Pilot(world);
    this.story = new Story(world, this.pilot);
    this.pilot.fly();
  }

  static async begin(options: Parameters<typeof FaultWorld.open>[0] = {}): Promise<Life> {
    return new Life(await FaultWorld.open(options));
  }

  async end(): Promise<void> {
    await this.pilot.land();
    await this.world.close();
  }

  /** Enough for whatever comes. */
  async fund(): Promise<void> {
    await this.story.deposit('vault', 2_000_000_000n);
    await this.story.deposit('spending', 1_000_000_000n);
    await this.story.deposit('spending', 500_000_000n, this.world.ben);
    await this.story.credited();
  }

  /** One deed, from the request to its end. */
  async live(deed: Deed, random: SeededRandom): Promise<void> {
    const { story } = this;
    const satoshis = BigInt(20_000 + random.below(500_000));
    if (deed === 'deposit') {
      await story.deposit(random.pick(['vault', 'spending']), satoshis);
      await story.credited();
    } else if (deed === 'transfer') {
      await story.transfer(satoshis);
    } else if (deed === 'cancelled') {
      const unwanted = await story.withdraw(random.pick(['vault', 'spending']), satoshis, 'cancelled');
      await story.reaches(unwanted, 'awaiting_cosigner');
      await story.cancel(unwanted);
      await story.reaches(unwanted, 'cancelled');
    } else if (deed === 'opening') {
      await story.openVault();
    } else if (deed === 'batched') {
      await story.batched(satoshis);
    } else if (deed === 'frozen') {
      await story.frozen(satoshis);
    } else {
      const balance = deed === 'vault withdrawal' ? 'vault' : 'spending';
      await story.reaches(await story.withdraw(balance, satoshis), 'confirmed');
    }
  }

  /** Money in, across, and out of both balances, and whatever else is told, at the same time. */
  async liveFully(random: SeededRandom, ...others: readonly SpecialDeed[]): Promise<void> {
    await Promise.all([...DEEDS, ...others].map((deed) => this.live(deed, random)));
  }

  /** Waits until nothing is left to be done. @returns what does not fit then. */
  async findings(): Promise<string[]> {
    await this.world.household.allReady();
    await comesToRest(this.world);
    return await checkWorld(this.world, this.story.promises);
  }
}
