import { readAudit } from './audit-scene.ts';
import { creditDeposits, openWallets } from './scenes-in.ts';
import { hearWebhooks, payInstantly, reconcile, withdraw } from './scenes-out.ts';
import type { Stage } from './stage.ts';
import { receiveWebhooks } from './webhook-receiver.ts';

/** A customer's life with Trilock, from the first wallet to the last satoshi accounted for. */
export async function tellStory(stage: Stage): Promise<void> {
  const { ben } = stage;
  const vaults = await openWallets(stage);
  const receiver = await receiveWebhooks(ben.session);
  try {
    await moveMoney(stage, vaults.ada);
    await hearWebhooks(stage, receiver);
  } finally {
    await receiver.close();
  }
  await reconcile(stage, [vaults.ada, vaults.ben, vaults.treasury]);
  await readAudit(stage);
}

async function moveMoney(stage: Stage, vault: string): Promise<void> {
  const { ada, ben } = stage;
  await creditDeposits(stage, vault);
  await payInstantly(stage);
  await withdraw(stage, ben, {
    title: 'Ben takes 0.02 BTC out of his spending balance, from the treasury’s wallet',
    balance: 'spending',
    satoshis: '2000000',
  });
  await withdraw(stage, ada, {
    title: 'Ada takes 0.20 BTC out of her vault, from her own 2-of-3 wallet',
    balance: 'vault',
    satoshis: '20000000',
  });
}
