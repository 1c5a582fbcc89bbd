/** Where chance comes from, so that a test or a replay decides it. */
export interface RandomSource {
  /** A whole number from 0 to 2³² − 1, each as likely. */
  uint32(): number;
}

/** The operating system's, by Web Crypto, which Node and browsers share. */
export const systemRandom: RandomSource = {
  uint32: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
};

/** A whole number from 0 to `below` − 1, each exactly as likely. */
export function randomBelow(random: RandomSource, below: number): number {
  const fair = 0x1_0000_0000 - (0x1_0000_0000 % below);
  let drawn = random.uint32();
  while (drawn >= fair) drawn = random.uint32();
  return drawn % below;
}

/** A new array in random order (Fisher and Yates). */
export function shuffled<Item>(items: readonly Item[], random: RandomSource): Item[] {
  const rest = [...items];
  const order: Item[] = [];
  while (rest.length > 0) {
    const at = randomBelow(random, rest.length);
    const last = rest.pop();
    if (last === undefined) break;
    if (at === rest.length) order.push(last);
    else order.push(...rest.splice(at, 1, last));
  }
  return order;
}
