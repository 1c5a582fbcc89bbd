import { crashPoint, type JsonValue } from '../../shared/index.ts';
import { SignerError } from '../errors.ts';
import type { WireMethod } from '../wire/wire-server.ts';
import { signedStatementSchema, statementBytes } from './witness-statement.ts';
import { loadWitnessKey, loadWitnessMemory, saveWitnessMemory } from './witness-store.ts';
import { acceptStatement, type WitnessMemory } from './witness.ts';

export interface WitnessService {
  readonly publicKey: string;
  readonly methods: Readonly<Record<'countersign' | 'head', WireMethod>>;
  readonly memory: () => WitnessMemory | undefined;
}

/** A witness over its directory. It answers one statement after the other, each on the disk before its answer. */
export async function openWitness(directory: string): Promise<WitnessService> {
  const key = await loadWitnessKey(directory);
  let memory = await loadWitnessMemory(directory);
  let queue: Promise<unknown> = Promise.resolve();

  function countersigned(held: WitnessMemory): JsonValue {
    const { signerKey, statement } = held;
    const countersignature = key.sign(statementBytes('witness', signerKey, statement));
    return { signerKey, statement, witnessKey: key.publicKey, countersignature };
  }

  async function accept(parameters: JsonValue): Promise<JsonValue> {
    const parsed = signedStatementSchema.safeParse(parameters);
    if (!parsed.success) throw new SignerError('witness_statement_malformed', 'This is not a statement.');
    const next = acceptStatement(memory, parsed.data);
    crashPoint('witness.before_memory');
    await saveWitnessMemory(directory, next);
    crashPoint('witness.after_memory');
    memory = next;
    return countersigned(next);
  }

  return {
    publicKey: key.publicKey,
    memory: () => memory,
    methods: {
      countersign: (parameters) => {
        const turn = queue.then(() => accept(parameters));
        queue = turn.catch(() => undefined);
        return turn;
      },
      head: () => Promise.resolve(memory === undefined ? null : countersigned(memory)),
    },
  };
}
