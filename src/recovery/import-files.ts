import {
  branchDescriptorText,
  deriveAddress,
  formatDerivationPath,
  formatMultisigSlip132,
  type DescriptorKey,
  type WalletDescriptor,
} from '../bitcoin/index.ts';

/** A file that another program imports. */
export interface ImportFile {
  readonly name: string;
  readonly content: string;
}

/** A first search by Bitcoin Core looks at so many addresses of each branch. */
const CORE_RANGE_END = 999;
/**
 * The format of Electrum 4.0’s wallet files, which later versions bring up to date. Of an older one they would drop
 * the fingerprints of account keys, and hardware wallets could not sign.
 */
const ELECTRUM_SEED_VERSION = 20;
/** Coldcards cut longer names off. */
const MAX_DEVICE_NAME = 20;
const DAY_SECONDS = 86_400;

/** `m/48'/0'/0'/2'`: the spelling that hardware wallets read. */
function apostrophePath({ origin }: DescriptorKey): string {
  return `m/${formatDerivationPath(origin.path).replaceAll('h', "'")}`;
}

function apostropheOrigin(key: DescriptorKey): string {
  return `[${key.origin.fingerprint}${apostrophePath(key).slice(1)}]`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Bitcoin Core: the parameter of `importdescriptors`, for a blank wallet without private keys. `birth` is when the
 * wallet was opened; a day is taken off, since clocks and block times differ. Without it the whole chain is searched.
 */
export function bitcoinCoreFile(descriptor: WalletDescriptor, birth: Date | null): ImportFile {
  const timestamp = birth === null ? 0 : Math.max(0, Math.floor(birth.getTime() / 1000) - DAY_SECONDS);
  const requests = (['receive', 'change'] as const).map((branch) => ({
    desc: branchDescriptorText(descriptor, branch),
    timestamp,
    active: true,
    internal: branch === 'change',
    range: [0, CORE_RANGE_END],
  }));
  return { name: 'bitcoin-core.json', content: json(requests) };
}

/**
 * The text by which a Coldcard learns a multisig wallet (Settings → Multisig Wallets → Import); Sparrow and others
 * import the same file as “Coldcard Multisig”.
 */
export function coldcardFile(descriptor: WalletDescriptor, name: string): ImportFile {
  const keys = descriptor.keys.flatMap((key) => [
    '',
    `Derivation: ${apostrophePath(key)}`,
    `${key.origin.fingerprint.toUpperCase()}: ${key.xpub.text}`,
  ]);
  const lines = [
    '# Multisig wallet: import into a Coldcard, or into Sparrow as Coldcard Multisig',
    `Name: ${name.slice(0, MAX_DEVICE_NAME)}`,
    `Policy: ${descriptor.threshold} of ${descriptor.keys.length}`,
    'Format: P2WSH',
    ...keys,
  ];
  return { name: 'coldcard-multisig.txt', content: `${lines.join('\n')}\n` };
}

/** Electrum: a watching multisig wallet as a wallet file (File → Open). Keys in SLIP-132’s spelling, as Electrum writes them. */
export function electrumFile(descriptor: WalletDescriptor): ImportFile {
  const keystores = descriptor.keys.map((key, position) => [
    `x${position + 1}/`,
    {
      type: 'bip32',
      xpub: formatMultisigSlip132(key.xpub),
      xprv: null,
      derivation: apostrophePath(key),
      root_fingerprint: key.origin.fingerprint,
      pw_hash_version: 1,
    },
  ]);
  const wallet = {
    seed_version: ELECTRUM_SEED_VERSION,
    use_encryption: false,
    wallet_type: `${descriptor.threshold}of${descriptor.keys.length}`,
    ...(Object.fromEntries(keystores) as object),
  };
  return { name: 'electrum-wallet.json', content: json(wallet) };
}

/** The wallet policy that Ledger devices and others register (BIP388): a template and the keys it names. */
export function bip388File(descriptor: WalletDescriptor, name: string): ImportFile {
  const places = descriptor.keys.map((_, position) => `@${position}/**`);
  const policy = {
    name,
    descriptor_template: `wsh(sortedmulti(${[descriptor.threshold, ...places].join(',')}))`,
    keys_info: descriptor.keys.map((key) => `${apostropheOrigin(key)}${key.xpub.text}`),
  };
  return { name: 'wallet-policy.json', content: json(policy) };
}

/** The descriptor record that signers keep (BIP129, round 2): template, path restrictions, first address. */
export function bsmsFile(descriptor: WalletDescriptor): ImportFile {
  const keys = descriptor.keys.map((key) => `${apostropheOrigin(key)}${key.xpub.text}/**`);
  const lines = [
    'BSMS 1.0',
    `wsh(sortedmulti(${[descriptor.threshold, ...keys].join(',')}))`,
    '/0/*,/1/*',
    deriveAddress(descriptor, 'receive', 0).address,
  ];
  return { name: 'wallet.bsms', content: lines.join('\n') };
}

/** The descriptor by itself, as Sparrow and others take it. */
function descriptorFile(descriptor: WalletDescriptor): ImportFile {
  return { name: 'descriptor.txt', content: `${descriptor.text}\n` };
}

/** The name by which devices show the wallet. */
export function deviceNameOf(wallet: string): string {
  return `Trilock ${wallet.slice(-8)}`;
}

/** What hardware wallets register before they sign for a wallet, under the name that they will show. */
export function deviceFiles(descriptor: WalletDescriptor, wallet: string): readonly ImportFile[] {
  const name = deviceNameOf(wallet);
  return [coldcardFile(descriptor, name), bip388File(descriptor, name), bsmsFile(descriptor)];
}

/** Every file, for a wallet by its id. */
export function importFiles(
  descriptor: WalletDescriptor,
  wallet: string,
  birth: Date | null,
): readonly ImportFile[] {
  const name = deviceNameOf(wallet);
  return [
    descriptorFile(descriptor),
    bitcoinCoreFile(descriptor, birth),
    coldcardFile(descriptor, name),
    electrumFile(descriptor),
    bip388File(descriptor, name),
    bsmsFile(descriptor),
  ];
}
