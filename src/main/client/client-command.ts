import type { Command } from 'commander';
import { connect, type Connection } from './connect.ts';
import { ClientError } from './errors.ts';
import type { Shown } from './output.ts';

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: true;
  readonly idempotencyKey?: string;
}

type Act<Options> = (
  connection: Connection,
  options: Options & CommonOptions,
  ...words: string[]
) => Promise<Shown>;

function show({ document, lines }: Shown, asJson: boolean): void {
  process.stdout.write(asJson ? `${JSON.stringify(document, null, 2)}\n` : `${lines.join('\n')}\n`);
}

/** What the API said against it, as it came, for programs to read. */
function showProblem(thrown: unknown): void {
  if (!(thrown instanceof ClientError) || thrown.problem === undefined) return;
  process.stdout.write(`${JSON.stringify({ problem: thrown.problem }, null, 2)}\n`);
}

/** Makes `command` one that talks to the API: connects, acts, shows. */
export function acts<Options>(command: Command, act: Act<Options>): Command {
  return command.option('--json', 'the document as the API gave it').action(async (...given: unknown[]) => {
    const options = command.opts<Options & CommonOptions>();
    const words = given.slice(0, -2) as string[];
    try {
      show(await act(await connect(options), options, ...words), options.json === true);
    } catch (thrown) {
      if (options.json === true) showProblem(thrown);
      throw thrown;
    }
  });
}

/** The same for a command that changes something once. */
export function changes<Options>(command: Command, act: Act<Options>): Command {
  return acts(
    command.option(
      '--idempotency-key <key>',
      'of an earlier run whose answer was lost: nothing is done twice',
    ),
    act,
  );
}

/** The same for a list. */
export function lists<Options>(
  command: Command,
  act: Act<Options & { readonly limit?: string; readonly after?: string }>,
): Command {
  return acts(
    command
      .option('--limit <number>', 'how many at most')
      .option('--after <cursor>', 'go on where the page before ended'),
    act,
  );
}

/** The query of a list, without what was not given. */
export function pageOptions({ limit, after }: { readonly limit?: string; readonly after?: string }) {
  return { ...(limit === undefined ? {} : { limit }), ...(after === undefined ? {} : { after }) };
}
