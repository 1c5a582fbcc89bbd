import type {
  CredentialPin,
  KeyAttestation,
  RegistrationReceipt,
  WalletRegistration,
} from '../intents/index.ts';
import type { NetworkName } from '../bitcoin/index.ts';

/**
 * What the opening of wallets asks of the platform signer. Each call may be repeated with the same parameters and
 * answers the same. An error that is `retryable` is tried again; any other ends the opening.
 */
export interface PlatformSigner {
  /** Makes the platform key of a wallet; once for each wallet id. */
  createPlatformKey(request: {
    readonly wallet: string;
    readonly network: NetworkName;
  }): Promise<{ readonly attestation: KeyAttestation }>;
  /** Pins a further credential of a customer. */
  pinCredential(pin: CredentialPin): Promise<unknown>;
  /** Checks and pins a wallet. */
  registerWallet(request: {
    readonly registration: WalletRegistration;
  }): Promise<{ readonly descriptorHash: string; readonly receipt: RegistrationReceipt }>;
}

/** The second signer, on another host, of wallets that two signers spend. It answers as the first does. */
export type SecondSigner = Pick<PlatformSigner, 'createPlatformKey' | 'registerWallet'>;
