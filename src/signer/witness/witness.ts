import { SignerError } from '../errors.ts';
import { verifyEd25519 } from '../ed25519.ts';
import { statementBytes, type SignedStatement, type WitnessStatement } from './witness-statement.ts';

/** What a witness remembers: which signer it watches and the last statement it countersigned. */
export interface WitnessMemory {
  readonly signerKey: string;
  readonly statement: WitnessStatement;
}

function same(a: WitnessStatement, b: WitnessStatement): boolean {
  return (
    a.counter === b.counter && a.manifestVersion === b.manifestVersion && a.consumedHead === b.consumedHead
  );
}

/**
 * What the witness remembers after a statement, or why it refuses. The first signer it hears of is its signer;
 * every statement then has the next counter, or is word for word the last one again (a lost answer).
 * @throws SignerError `witness_…`.
 */
export function acceptStatement(memory: WitnessMemory | undefined, signed: SignedStatement): WitnessMemory {
  const { statement, signerKey, signature } = signed;
  if (memory !== undefined && memory.signerKey !== signerKey) {
    throw new SignerError('witness_signer_unknown', 'This witness watches another signer.');
  }
  if (!verifyEd25519(signerKey, statementBytes('signer', signerKey, statement), signature)) {
    throw new SignerError('witness_signature_wrong', 'The statement is not signed by the signer it names.');
  }
  if (memory === undefined || same(memory.statement, statement)) return { signerKey, statement };
  const last = memory.statement;
  const details = { witnessed: last.counter, stated: statement.counter };
  if (statement.counter < last.counter) {
    throw new SignerError('witness_counter_rolled_back', 'The signer is older than what was witnessed.', {
      details,
    });
  }
  if (statement.counter === last.counter) {
    throw new SignerError(
      'witness_statement_conflicts',
      'Another statement with this counter was witnessed.',
      { details },
    );
  }
  if (statement.counter !== last.counter + 1) {
    throw new SignerError('witness_counter_skips', 'The statement does not follow the last one.', {
      details,
    });
  }
  if (statement.manifestVersion < last.manifestVersion) {
    throw new SignerError(
      'witness_manifest_rolled_back',
      'The signer uses an older manifest than was witnessed.',
      {
        details: { witnessed: last.manifestVersion, stated: statement.manifestVersion },
      },
    );
  }
  return { signerKey, statement };
}
