import type { WalletDescriptor } from '../bitcoin/index.ts';
import { branchDescriptorText } from '../bitcoin/index.ts';

export interface Guide {
  readonly program: string;
  readonly files: readonly string[];
  readonly steps: readonly string[];
}

interface GuideFacts {
  readonly descriptor: WalletDescriptor;
  readonly birthHeight: number;
}

function trilockGuide({ birthHeight }: GuideFacts): Guide {
  return {
    program: 'Trilock, with its service gone',
    files: [],
    steps: [
      'Keep this kit as kit.json. Check it: trilock recover check kit.json',
      'On a machine with a Bitcoin node: trilock recover find kit.json --node http://127.0.0.1:8332 --cookie-file … ' +
        `(the search begins at block ${birthHeight})`,
      'Build the sweep: trilock recover sweep kit.json --to ADDRESS --out DIRECTORY --node … It writes a PSBT for ' +
        'each transaction and says in plain words what it does.',
      'Carry the PSBTs to each key, offline: trilock recover sign kit.json sweep-1.psbt --to ADDRESS --out ' +
        'DIRECTORY with --envelope FILE --master FILE FILE, --words FILE, --xprv FILE or --customer-key FILE. ' +
        'A hardware wallet that knows the wallet signs the same PSBT.',
      'Bring both signed copies back: trilock recover broadcast kit.json --to ADDRESS FILE FILE --node …',
    ],
  };
}

function coreGuide({ descriptor, birthHeight }: GuideFacts): Guide {
  const receive = branchDescriptorText(descriptor, 'receive');
  return {
    program: 'Bitcoin Core',
    files: ['bitcoin-core.json'],
    steps: [
      'Bitcoin Core 26 or newer, synchronised, not pruned below block ' + `${birthHeight}.`,
      'bitcoin-cli -named createwallet wallet_name=recovery disable_private_keys=true blank=true',
      'bitcoin-cli -rpcwallet=recovery importdescriptors "$(cat bitcoin-core.json)" searches the chain from the ' +
        'time in the file on and may take an hour.',
      `Compare: bitcoin-cli deriveaddresses '${receive}' '[0,4]' must give the first addresses of this kit.`,
      'bitcoin-cli -rpcwallet=recovery getbalance shows what was found.',
      'bitcoin-cli -rpcwallet=recovery -named sendall recipients=\'["ADDRESS"]\' fee_rate=RATE gives a PSBT that ' +
        'pays everything to ADDRESS.',
      'Two of the keys sign the PSBT, each at its own place: trilock recover sign, a hardware wallet, or Bitcoin ' +
        'Core’s descriptorprocesspsbt with the descriptor above in which one xpub is replaced by its xprv.',
      'bitcoin-cli combinepsbt, finalizepsbt, then sendrawtransaction.',
    ],
  };
}

const SPARROW: Guide = {
  program: 'Sparrow',
  files: ['coldcard-multisig.txt', 'descriptor.txt'],
  steps: [
    'File → Import Wallet → Coldcard Multisig → Import File, and choose coldcard-multisig.txt. (Or File → New ' +
      'Wallet, Policy Type “Multi Signature”, Edit next to the descriptor, and paste descriptor.txt.)',
    'Connect Sparrow to your own node or server. The first addresses under Addresses must be those of this kit.',
    'Give a key its private half under Settings → Keystores: a hardware wallet, or New or Imported Software Wallet ' +
      'with the recovery words. Or leave all of them watching and sign elsewhere.',
    'Send: Pay to ADDRESS, Max, choose the fee, Create Transaction, Finalize Transaction for Signing.',
    'Sign with what is connected, or Save Transaction, let the other key’s holder sign the file, and Load it again.',
    'When it has two signatures: Broadcast Transaction.',
  ],
};

const ELECTRUM: Guide = {
  program: 'Electrum',
  files: ['electrum-wallet.json'],
  steps: [
    'Start Electrum for the right network, File → Open, and choose electrum-wallet.json: a watching wallet opens.',
    'Or make it by hand: File → New, Multi-signature wallet, 2 of 3, and for each cosigner “Use a master key” with ' +
      'the Zpub or Vpub of this kit. To sign, restore one cosigner from its recovery words (Options: BIP39 seed; ' +
      'native segwit multisig; derivation path as printed here).',
    'The first addresses under View → Show Addresses must be those of this kit.',
    'Send: pay to ADDRESS, amount “!”, which is everything; Preview, choose the fee, Finalize.',
    'Sign, Share or Export the PSBT, let the other cosigner sign it, and Tools → Load Transaction.',
    'Combine, then Broadcast. Addresses far along the wallet are searched after ' +
      'wallet.change_gap_limit(1000) in the console.',
  ],
};

/** Step by step, for each program. ADDRESS and RATE stand for what the reader chooses. */
export function guides(facts: GuideFacts): readonly Guide[] {
  return [trilockGuide(facts), coreGuide(facts), SPARROW, ELECTRUM];
}
