import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What programs of the same user may know of a running sandbox. */
const sandboxFactsSchema = z.strictObject({
  url: z.string(),
  nodeUrl: z.string(),
  nodeCookieFile: z.string(),
  appDatabaseUrl: z.string(),
  ledgerSocket: z.string(),
  signerSocket: z.string(),
});

export type SandboxFacts = z.infer<typeof sandboxFactsSchema>;

const FILE = 'sandbox.json';

/** Holds a database password: only its owner reads it. */
export async function writeSandboxFacts(directory: string, facts: SandboxFacts): Promise<void> {
  await writeFile(join(directory, FILE), JSON.stringify(facts, null, 2), { mode: 0o600 });
}

/** Of the sandbox in this directory, running or not; undefined when there never was one. */
export async function readSandboxFacts(directory: string): Promise<SandboxFacts | undefined> {
  try {
    return sandboxFactsSchema.parse(JSON.parse(await readFile(join(directory, FILE), 'utf8')));
  } catch {
    return undefined;
  }
}
