import { deriveAddress, parseDescriptor, type NetworkName } from '../../bitcoin/index.ts';
import { formatBitcoin, parseSatoshis } from '../../shared/index.ts';
import { descriptorHash } from '../descriptor-hash.ts';
import { IntentError } from '../errors.ts';
import type { Manifest } from '../manifest-contract.ts';
import type { KindRules } from './kind-rules.ts';
import type { SpendRules } from './spend-rules.ts';
import type { TreasuryMoveBody, TreasuryMoveIntent } from './treasury-move-contract.ts';

/** So that a share of the assets is counted in whole numbers. */
const BASIS_POINTS = 10_000n;

function summary(body: TreasuryMoveBody): string {
  if (body.purpose === 'consolidation') return `merge small coins of the treasury wallet ${body.wallet}`;
  const amount = formatBitcoin(parseSatoshis(body.satoshis));
  return body.purpose === 'sweep'
    ? `sweep ${amount} from the hot wallet ${body.wallet} to the cold wallet ${body.to.wallet}`
    : `refill the hot wallet ${body.to.wallet} with ${amount} from the cold wallet ${body.wallet}`;
}

function held(body: TreasuryMoveBody): readonly string[] {
  if (body.purpose !== 'refill') return [];
  const hot = formatBitcoin(parseSatoshis(body.hotSatoshis));
  return [
    `Before it the hot wallet holds ${hot}, of ${formatBitcoin(parseSatoshis(body.assetsSatoshis))} in all.`,
  ];
}

function explain({ body, requester, createdAt, expiresAt }: TreasuryMoveIntent): readonly string[] {
  return [
    `${requester} asks to ${summary(body)}. No customer’s balance changes.`,
    ...held(body),
    `The network fee is at most ${formatBitcoin(parseSatoshis(body.maxFeeSatoshis))}, and the institution’s.`,
    ...(body.purpose === 'refill' ? [`The reason given: ${body.reason}`] : []),
    `Asked at ${createdAt}; void after ${expiresAt}.`,
  ];
}

export const treasuryMoveRules: KindRules<TreasuryMoveIntent> = {
  quorum: 'control',
  quorumFor: ({ body }) => (body.purpose === 'refill' ? 'control' : 'none'),
  explain,
  interested: () => [],
  // It leaves one wallet of the institution for another: only the fee is gone.
  atStake: ({ body }) => parseSatoshis(body.maxFeeSatoshis),
  check({ body, requester }) {
    if ((body.purpose === 'refill') === (requester === 'worker')) {
      throw new IntentError('intent_malformed', 'Staff ask for refills, and the system makes the rest.');
    }
    if (body.purpose !== 'consolidation' && parseSatoshis(body.satoshis) === 0n) {
      throw new IntentError('intent_malformed', 'A move of nothing is not a move.');
    }
  },
};

function destinationOf(
  { body }: TreasuryMoveIntent,
  network: NetworkName,
): { readonly hash: string; readonly scriptPubKey: Uint8Array } | null {
  if (body.purpose === 'consolidation') return null;
  const descriptor = parseDescriptor(body.to.descriptor, network);
  const { scriptPubKey } = deriveAddress(descriptor, 'change', body.to.index);
  return { hash: descriptorHash(descriptor), scriptPubKey };
}

function refuse(intent: TreasuryMoveIntent, reason: string): never {
  throw new IntentError('move_not_pinned', 'Coins of the treasury move between its pinned wallets alone.', {
    details: { intent: intent.id, reason },
  });
}

function checkCap({ id, body }: TreasuryMoveIntent, capBasisPoints: number): void {
  if (body.purpose !== 'refill') return;
  const after = parseSatoshis(body.hotSatoshis) + parseSatoshis(body.satoshis);
  if (after * BASIS_POINTS <= parseSatoshis(body.assetsSatoshis) * BigInt(capBasisPoints)) return;
  throw new IntentError('hot_cap_exceeded', 'The hot wallet would hold more than its share of all assets.', {
    details: { intent: id, afterSatoshis: after.toString(), capBasisPoints },
  });
}

/** Which wallets it joins is for the officers' manifest alone to say. */
function admit(intent: TreasuryMoveIntent, { treasury, network }: Manifest): void {
  const { body } = intent;
  if (treasury === undefined) refuse(intent, 'the manifest names no treasury wallets');
  const { hot, cold } = treasury;
  const destination = destinationOf(intent, network);
  if (body.purpose === 'consolidation') {
    if (![hot, cold].includes(body.descriptorHash)) refuse(intent, 'it spends no treasury wallet');
    return;
  }
  const [from, to] = body.purpose === 'sweep' ? [hot, cold] : [cold, hot];
  if (body.descriptorHash !== from) refuse(intent, `a ${body.purpose} does not spend this wallet`);
  if (destination?.hash !== to) refuse(intent, `a ${body.purpose} does not pay this wallet`);
  checkCap(intent, treasury.hotCapBasisPoints);
}

export const treasuryMoveSpend: SpendRules<TreasuryMoveIntent> = {
  shares: false,
  source: ({ body }) => ({ wallet: body.wallet, descriptorHash: body.descriptorHash, owner: null }),
  outputs(intent, network) {
    const destination = destinationOf(intent, network);
    if (destination === null || intent.body.purpose === 'consolidation') return [];
    const { scriptPubKey } = destination;
    return [{ scriptPubKey, value: parseSatoshis(intent.body.satoshis) }];
  },
  maxFee: ({ body }) => parseSatoshis(body.maxFeeSatoshis),
  // What brings coins to where they are safer, or leaves them there, lets nothing flow out.
  stops: ({ body }) => ({ customers: [], breaker: body.purpose === 'refill' }),
  admit,
  asWritten: ({ id, requester, expiresAt, body }) => [
    `Intent ${id}: asked for by ${requester}, to ${summary(body)}.`,
    ...held(body).map((line) => `  ${line}`),
    `  for a fee of at most ${body.maxFeeSatoshis} satoshis, until ${expiresAt}`,
    ...(body.purpose === 'refill' ? [`  with the reason “${body.reason}”, which proves nothing`] : []),
  ],
};
