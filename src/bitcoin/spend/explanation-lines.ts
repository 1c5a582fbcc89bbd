import type { ExplainedOutput, ExplainedFacts, KnownWallet, Oddity } from './explanation.ts';

const SATS_PER_BITCOIN = 100_000_000n;

/** Any amount that a PSBT can hold, also one outside what may exist. */
function bitcoin(sats: bigint): string {
  const digits = (sats < 0n ? -sats : sats) % SATS_PER_BITCOIN;
  const whole = (sats < 0n ? -sats : sats) / SATS_PER_BITCOIN;
  return `${sats < 0n ? '-' : ''}${whole}.${digits.toString().padStart(8, '0')} BTC`;
}

function plural(count: number, one: string, many: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${many}`;
}

function spentLines({ inputs }: ExplainedFacts): string[] {
  const byWallet = new Map<string | null, { coins: number; value: bigint; known: boolean }>();
  for (const { wallet, value } of inputs) {
    const sum = byWallet.get(wallet) ?? { coins: 0, value: 0n, known: true };
    byWallet.set(wallet, {
      coins: sum.coins + 1,
      value: sum.value + (value ?? 0n),
      known: sum.known && value !== null,
    });
  }
  return [...byWallet].map(([wallet, { coins, value, known }]) => {
    const owner = wallet === null ? 'of somebody else' : `of the wallet ${wallet}`;
    const worth = known ? `, worth ${bitcoin(value)}` : ', whose worth is not known';
    return `Spends ${plural(coins, 'coin', 'coins')} ${owner}${worth}.`;
  });
}

function destination({ address, scriptHex, wallet, position }: ExplainedOutput): string {
  const place =
    wallet === null ? '' : ` (wallet ${wallet}, ${position?.branch ?? ''} address ${position?.index ?? ''})`;
  return `${address ?? `the script ${scriptHex}`}${place}`;
}

function feeLine({ fee, feeBasisPoints, feeRateSatsPerKvb }: ExplainedFacts): string {
  if (fee === null) return 'The fee cannot be told.';
  const details: string[] = [];
  if (feeRateSatsPerKvb !== null) {
    const tenths = feeRateSatsPerKvb / 100n;
    details.push(`about ${tenths / 10n}.${tenths < 0n ? 0n : tenths % 10n} sat/vB`);
  }
  if (feeBasisPoints !== null) details.push(`${(feeBasisPoints / 100).toFixed(2)} percent of what is paid`);
  return `The fee is ${bitcoin(fee)}${details.length === 0 ? '' : ` (${details.join(', ')})`}.`;
}

function signerLines({ signers, complete }: ExplainedFacts, wallets: readonly KnownWallet[]): string[] {
  const lines = signers.map(({ wallet, key, signedInputs, inputs }) => {
    if (signedInputs === 0) return `Not signed by ${key} (wallet ${wallet}).`;
    const extent = signedInputs === inputs ? '' : `, but only ${signedInputs} of ${inputs} inputs`;
    return `Signed by ${key} (wallet ${wallet})${extent}.`;
  });
  if (complete) return [...lines, 'It carries all the signatures that it needs.'];
  const spending = new Set(signers.map(({ wallet }) => wallet));
  const needed = wallets
    .filter(({ name }) => spending.has(name))
    .map(({ name, descriptor }) => `${descriptor.threshold} of ${descriptor.keys.length} for wallet ${name}`);
  return [...lines, ...(needed.length === 0 ? [] : [`Signatures needed: ${needed.join('; ')}.`])];
}

/** The explanation for people: a sentence for each fact. */
export function explanationLines(
  facts: ExplainedFacts,
  oddities: readonly Oddity[],
  wallets: readonly KnownWallet[],
): string[] {
  return [
    ...spentLines(facts),
    ...facts.payments.map((output) => `Pays ${bitcoin(output.value)} to ${destination(output)}.`),
    ...facts.change.map((output) => `Returns ${bitcoin(output.value)} as change to ${destination(output)}.`),
    feeLine(facts),
    ...(facts.locktime === 0 ? [] : [`It can be mined after block ${facts.locktime}.`]),
    ...signerLines(facts, wallets),
    ...oddities.map(({ text }) => `Attention: ${text}`),
  ];
}
