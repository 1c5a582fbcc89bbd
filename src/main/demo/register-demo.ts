import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { SharedError } from '../../shared/index.ts';
import { exitWith } from '../lifecycle/exit.ts';
import { readInstitution, institutionPlaces, type InstitutionPlaces } from '../sandbox/institution.ts';
import { readSandboxFacts, type SandboxFacts } from '../sandbox/sandbox-facts.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { loadSettings, settingsHelp } from '../settings/index.ts';
import { DemoHouse } from './demo-house.ts';
import { Narrator } from './narrator.ts';
import { registerCustomer, signInApprover } from './people.ts';
import { readStaffPassword } from '../sandbox/data-directory.ts';
import { tellStory } from './story.ts';

const CHECKOUT = resolve(import.meta.dirname, '../../..');

interface Venue {
  readonly facts: SandboxFacts;
  readonly directory: string;
  readonly close: () => Promise<void>;
}

async function answers(facts: SandboxFacts): Promise<boolean> {
  return fetch(`${facts.url}/healthz`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** The sandbox that runs already, or a fresh one that is thrown away afterwards. */
async function openVenue(narrator: Narrator): Promise<Venue> {
  const settings = loadSettings('sandbox', process.env);
  const directory = settings.TRILOCK_DATA_DIRECTORY ?? join(CHECKOUT, '.trilock');
  const facts = await readSandboxFacts(directory);
  if (facts !== undefined && (await answers(facts))) {
    narrator.fact('sandbox', `the running one, ${facts.url}`);
    return { facts, directory, close: () => Promise.resolve() };
  }
  const fresh = await mkdtemp(join(tmpdir(), 'trilock-demo-'));
  const say = (line: string): void => narrator.progress(line);
  const sandbox = await startSandbox({ settings: { ...settings, TRILOCK_HTTP_PORT: 0 }, root: fresh, say });
  narrator.fact('sandbox', `a fresh one, ${sandbox.facts.url}`);
  return {
    facts: sandbox.facts,
    directory: fresh,
    close: async () => {
      await sandbox.stop();
      await rm(fresh, { recursive: true, force: true });
    },
  };
}

async function play(
  narrator: Narrator,
  { facts, directory }: Venue,
  places: InstitutionPlaces,
): Promise<void> {
  const institution = await readInstitution(places);
  const [first] = institution.approvers;
  if (first === undefined) throw new SharedError('config_invalid', 'The sandbox has no approvers.');
  narrator.fact('manifest', `number 1, ${institution.firstManifestHash}`);
  const house = await DemoHouse.open(facts, places, institution);
  try {
    await tellStory({
      house,
      narrator,
      ada: await registerCustomer(facts.url, 'Ada', 'customer-1'),
      ben: await registerCustomer(facts.url, 'Ben', 'customer-2'),
      approver: await signInApprover(
        facts.url,
        first.email,
        await readStaffPassword(directory),
        'approver-1',
      ),
    });
  } finally {
    await house.close();
  }
}

async function runDemo(options: { readonly json?: true }): Promise<void> {
  const narrator = new Narrator(options.json === true);
  narrator.chapter('An institution: two stations, three officers, three approvers, one manifest');
  const venue = await openVenue(narrator);
  try {
    await play(narrator, venue, institutionPlaces(venue.directory));
    narrator.end();
  } finally {
    await venue.close();
  }
  if (narrator.failures.length > 0) {
    exitWith(new SharedError('config_invalid', `These did not hold: ${narrator.failures.join('; ')}`));
  }
  process.exit(0);
}

/** `trilock demo`, which is `npm run demo`. */
export function registerDemo(trilock: Command): void {
  trilock
    .command('demo')
    .description('tell the custody path as a story, on the running sandbox or on a fresh one')
    .option('--json', 'one JSON document at the end instead of the story')
    .addHelpText('after', settingsHelp('sandbox'))
    .action(runDemo);
}
