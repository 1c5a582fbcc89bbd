import type { Command } from 'commander';
import { signIntent } from '../../approvals/approval-contract.ts';
import { getMe } from '../../identity/identity-contract.ts';
import { statementDigest } from '../../intents/index.ts';
import { isoTime, parseId, systemClock } from '../../shared/index.ts';
import { signatureBy } from '../../station/index.ts';
import { openKeyFile } from '../terminal/key-files.ts';
import { changes } from './client-command.ts';
import type { Connection } from './connect.ts';
import { one, type Shown } from './output.ts';
import { confirmQueuedIntent } from './queued-intent.ts';

interface SignOptions {
  readonly key: string;
  readonly passphraseFile?: string;
  readonly confirm?: string;
}

async function sign(connection: Connection, options: SignOptions, intentId = ''): Promise<Shown> {
  const { api } = connection;
  const hash = await confirmQueuedIntent(connection, intentId, 'ask for it', options.confirm);
  const me = await api.call(getMe, {});
  const key = await openKeyFile(options.key, 'your approver’s key', options.passphraseFile);
  const statement = {
    purpose: 'request' as const,
    intentHash: hash,
    credential: parseId('staff', me.id),
    signedAt: isoTime(systemClock.nowMs()),
  };
  const body = { statement, signature: signatureBy(key, statementDigest(statement)) };
  return one(await api.call(signIntent, { params: { intentId }, body }), ({ id, state }) => ({
    intent: id,
    state,
  }));
}

/** A command with which staff sign what they asked for. */
export function signsQueuedIntent(group: Command, name: string): void {
  changes(
    group
      .command(`${name} <intent>`)
      .description('for staff: sign what you asked for')
      .requiredOption('--key <file>', 'your key file')
      .option('--passphrase-file <file>', 'instead of asking')
      .option('--confirm <digits>', 'first digits of the hash, instead of asking'),
    sign,
  );
}
