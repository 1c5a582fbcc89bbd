import { BIP32Factory, type BIP32API } from 'bip32';
import { BitcoinError } from '../errors.ts';
import type { Secp256k1Backend, Secp256k1BackendName } from './backend.ts';
import { loadNativeBackend } from './native.ts';
import { wasmBackend } from './wasm.ts';

/** What a program shows at start-up about its curve arithmetic. */
export interface Secp256k1Status {
  readonly backend: Secp256k1BackendName;
  readonly chosen: 'automatically' | 'by_option';
  /** Why the native addon is not in use, when it was wanted and could not be loaded. */
  readonly nativeUnavailable: string | null;
}

export interface ActiveCurve {
  readonly backend: Secp256k1Backend;
  readonly bip32: BIP32API;
  readonly status: Secp256k1Status;
}

/** bip32 runs known-answer tests against the backend it is given; a wrong answer ends here. */
function curveOver(backend: Secp256k1Backend, status: Secp256k1Status): ActiveCurve {
  try {
    return { backend, bip32: BIP32Factory(backend), status };
  } catch (cause) {
    throw new BitcoinError(
      'secp256k1_backend_broken',
      `The ${backend.name} secp256k1 backend gave a wrong answer to a known question.`,
      { details: { backend: backend.name }, cause },
    );
  }
}

function load(choice: Secp256k1BackendName | 'auto'): ActiveCurve {
  const chosen = choice === 'auto' ? 'automatically' : 'by_option';
  if (choice === 'wasm') {
    return curveOver(wasmBackend, { backend: 'wasm', chosen, nativeUnavailable: null });
  }
  const native = loadNativeBackend();
  if ('backend' in native) {
    return curveOver(native.backend, { backend: 'native', chosen, nativeUnavailable: null });
  }
  if (choice === 'native') {
    throw new BitcoinError('secp256k1_backend_unavailable', 'The native secp256k1 addon cannot be loaded.', {
      details: { backend: 'native' },
      internal: native.unavailable,
    });
  }
  return curveOver(wasmBackend, { backend: 'wasm', chosen, nativeUnavailable: native.unavailable });
}

let active: ActiveCurve | undefined;

/**
 * Chooses the backend of this process: the native addon where it loads and tiny-secp256k1 elsewhere (`auto`), or
 * the one that is named. May be called again; keys parsed earlier stay valid, since both answer alike.
 * @throws BitcoinError `secp256k1_backend_unavailable`, `secp256k1_backend_broken`.
 */
export function selectSecp256k1(choice: Secp256k1BackendName | 'auto'): Secp256k1Status {
  active = load(choice);
  return active.status;
}

/** The chosen backend and bip32 over it; chooses automatically at the first use. */
export function curve(): ActiveCurve {
  active ??= load('auto');
  return active;
}

export function secp256k1Status(): Secp256k1Status {
  return curve().status;
}
