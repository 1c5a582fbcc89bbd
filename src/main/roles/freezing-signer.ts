import type { settleRestrictions } from '../../freeze/index.ts';
import type { SignerClient } from '../../signer/index.ts';

/** The signer as those who freeze and release know it. */
export function freezingSigner(
  signer: Pick<
    SignerClient,
    | 'restrict'
    | 'release'
    | 'unlock'
    | 'deepFreeze'
    | 'tripBreaker'
    | 'resetBreaker'
    | 'freezeStatus'
    | 'standing'
    | 'restrictionsTold'
  >,
): Parameters<typeof settleRestrictions>[0]['signer'] {
  return {
    restrict: async ({ id: restriction, customer, kind, openedBy }) => {
      await signer.restrict({ restriction, customer, kind, openedBy });
    },
    unlock: async (unlocking) => {
      await signer.unlock(unlocking);
    },
    release: async (release) => {
      await signer.release({ ...release, approvals: [...release.approvals] });
    },
    tripBreaker: async (breaker) => {
      await signer.tripBreaker(breaker);
    },
    resetBreaker: async (reset) => {
      await signer.resetBreaker({ ...reset, approvals: [...reset.approvals] });
    },
    standing: () => signer.standing({}),
    restrictionsTold: async (epoch) => {
      await signer.restrictionsTold({ epoch });
    },
    freezeStatus: async () => (await signer.freezeStatus({})).status,
    deepFreeze: async ({ restriction, order }) => {
      const entitled = 'intent' in order ? { ...order, approvals: [...order.approvals] } : order;
      await signer.deepFreeze({ restriction, order: entitled });
    },
  };
}
