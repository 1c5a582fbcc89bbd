import type { SignerClient } from '../../signer/index.ts';

/** What takes something away from signing, or gives it back: it counts when both signers have acknowledged it. */
const TOLD_BOTH = [
  'pinCredential',
  'registerMasterLock',
  'revokeMasterLock',
  'startLockRecovery',
  'cancelLockRecovery',
  'completeLockRecovery',
  'restrict',
  'release',
  'unlock',
  'deepFreeze',
  'tripBreaker',
  'resetBreaker',
] as const satisfies readonly (keyof SignerClient)[];

type Call = (parameters: never) => Promise<unknown>;

/** Asks both, whatever becomes of the first, so that what can be stopped is; the first one's answer. */
function atBoth(first: Call, second: Call): Call {
  return async (parameters) => {
    const [answer, other] = await Promise.allSettled([first(parameters), second(parameters)]);
    if (answer.status === 'rejected') throw answer.reason;
    if (other.status === 'rejected') throw other.reason;
    return answer.value;
  };
}

/**
 * The first signer, with everything that must hold at the second one too told to both: restrictions, credentials,
 * locks, what is revoked and given up. A call that one of them did not acknowledge has failed and is repeated.
 * Signing, keys and registrations go to the signer that they are for.
 */
export function bothSigners(first: SignerClient, second: SignerClient | undefined): SignerClient {
  if (second === undefined) return first;
  const told = TOLD_BOTH.map((method) => [method, atBoth(first[method] as Call, second[method] as Call)]);
  // Which resumption of the second one the restrictions were told for.
  let secondEpoch = 0;
  return {
    ...first,
    ...(Object.fromEntries(told) as Pick<SignerClient, (typeof TOLD_BOTH)[number]>),
    async standing(parameters) {
      const [standing, other] = await Promise.all([first.standing(parameters), second.standing(parameters)]);
      secondEpoch = other.epoch;
      return { epoch: standing.epoch, told: standing.told && other.told };
    },
    async restrictionsTold(parameters) {
      const answer = await first.restrictionsTold(parameters);
      const other = await second.restrictionsTold({ epoch: secondEpoch });
      return { epoch: answer.epoch, told: answer.told && other.told };
    },
    async revoke(parameters) {
      const [answer, other] = await Promise.all([first.revoke(parameters), second.revoke(parameters)]);
      return { ...answer, signed: [...new Set([...answer.signed, ...other.signed])] };
    },
    /** A refill of the wallet in which the second holds a key needs its word too. */
    async sign(parameters) {
      const [refill] = parameters.bundle.intents;
      if (
        refill?.intent.kind !== 'treasury_move' ||
        refill.intent.body.purpose !== 'refill' ||
        refill.request === null
      )
        return first.sign(parameters);
      const { intent, request, approvals } = refill;
      return first.sign({ ...parameters, ...(await second.allowRefill({ intent, request, approvals })) });
    },
    /** The second first: what it gives up is never complete, and the first takes its word for that. */
    async abandon(parameters) {
      const { abandonment: completer } = await second.abandon(parameters);
      if (completer === null) return { abandonment: null };
      return first.abandon({ ...parameters, completer });
    },
  };
}
