import type { Command } from 'commander';
import { z } from 'zod';
import { NETWORK_NAMES } from '../../bitcoin/index.ts';
import { CERTIFICATE_ROLES, generateMasterKey, requireOfficerPassphrase } from '../../keyring/index.ts';
import { SharedError, systemClock } from '../../shared/index.ts';
import {
  checkCeremony,
  holdCeremony,
  machineWarnings,
  parseCeremonyPlan,
  readDocument,
  type CeremonyDesk,
  type CeremonyPlan,
} from '../../station/index.ts';
import { answerFromStandardInput, askPassphrase, askText } from '../terminal/ask.ts';
import { openOfficerFile, withPassphrase } from '../terminal/key-files.ts';

const OFFICER_ROLES = CERTIFICATE_ROLES.filter((role) => role !== 'root');

function say(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

/** Prepared answers, for a rehearsal: the plan, and where each person's passphrase stands. */
const answersSchema = z.strictObject({
  plan: z.unknown(),
  passphraseFiles: z.record(z.string(), z.string()),
});

const ask = (question: string): Promise<string> => askText(`${question}: `, '--answers');

async function askNumber(question: string, byDefault: number): Promise<number> {
  const text = await ask(`${question} [${byDefault}]`);
  return text.trim() === '' ? byDefault : Number(text);
}

async function askPeople(question: string): Promise<string[]> {
  const people: string[] = [];
  for (;;) {
    const person = (await ask(`${question}, name ${people.length + 1} (empty: no more)`)).trim();
    if (person === '') return people;
    people.push(person);
  }
}

/** Asks for the plan, question by question. */
async function askPlan(hasRoot: boolean): Promise<CeremonyPlan> {
  const institution = (await ask('Name of the institution')).trim();
  const network = (await ask(`Network (${NETWORK_NAMES.join(', ')})`)).trim();
  const rootKeeper = hasRoot ? null : (await ask('Who keeps the root’s key file')).trim();
  const officerDays = await askNumber('Days until officers’ certificates expire', 731);
  const officers: { person: string; role: string }[] = [];
  for (const role of OFFICER_ROLES.filter((name) => name !== 'manifest-officer')) {
    const person = (await ask(`Who holds ${role} (empty: nobody)`)).trim();
    if (person !== '') officers.push({ person, role });
  }
  for (const person of await askPeople('Officers who sign manifests'))
    officers.push({ person, role: 'manifest-officer' });
  const holders = await askPeople('Holders of shares of the disaster key');
  const disaster =
    holders.length === 0
      ? null
      : { holders, threshold: await askNumber('How many of the shares open it together', 3) };
  return parseCeremonyPlan({ institution, network, rootKeeper, officerDays, officers, disaster });
}

async function typeWord(what: string, words: string): Promise<void> {
  say([`  Words of ${what}, to be read aloud and written down by everybody:`, `  ${words}`]);
  const last = words.split(' ').at(-1);
  while ((await ask('  Type the last word when all have it')).trim().toLowerCase() !== last) {
    say(['  That is not the last word.']);
  }
}

const terminalDesk: CeremonyDesk = {
  say,
  newPassphrase: (person, file) =>
    withPassphrase(`${file}, typed by ${person}`, { file: undefined, isNew: true }, (passphrase) => {
      requireOfficerPassphrase(passphrase, [person]);
      // A copy, since the first is zeroed: the ceremony zeroes its own.
      return Buffer.from(passphrase);
    }),
  compareWords: typeWord,
  makeKey: generateMasterKey,
};

function preparedDesk(passphraseFiles: Readonly<Record<string, string>>): CeremonyDesk {
  return {
    say,
    newPassphrase: (person) => {
      const file = passphraseFiles[person];
      if (file === undefined)
        throw new SharedError('config_invalid', `The answers have no passphrase of ${person}.`);
      return askPassphrase(person, { file });
    },
    compareWords: (what, words) => {
      say([`  Words of ${what}: ${words}`]);
      return Promise.resolve();
    },
    makeKey: generateMasterKey,
  };
}

interface CeremonyOptions {
  readonly answers?: string;
  readonly stdin?: true;
  readonly root?: string;
  readonly rootPassphraseFile?: string;
}

async function prepare({
  answers,
  root,
}: CeremonyOptions): Promise<{ plan: CeremonyPlan; desk: CeremonyDesk }> {
  if (answers === undefined) return { plan: await askPlan(root !== undefined), desk: terminalDesk };
  const parsed = answersSchema.safeParse(await readDocument(answers));
  if (!parsed.success)
    throw new SharedError('config_invalid', `${answers} holds no plan and passphraseFiles.`);
  return { plan: parseCeremonyPlan(parsed.data.plan), desk: preparedDesk(parsed.data.passphraseFiles) };
}

async function ceremony(directory: string, options: CeremonyOptions): Promise<void> {
  const end = options.stdin === true ? answerFromStandardInput() : undefined;
  try {
    await hold(directory, options);
  } finally {
    end?.();
  }
}

async function hold(directory: string, options: CeremonyOptions): Promise<void> {
  say(await machineWarnings());
  const { plan, desk } = await prepare(options);
  const root =
    options.root === undefined
      ? null
      : await openOfficerFile(options.root, 'the root’s key', options.rootPassphraseFile);
  await holdCeremony(directory, plan, desk, { nowMs: systemClock.nowMs(), root });
  say([
    '',
    `Done. ${directory}/public is for everybody; each file of ${directory}/private belongs to the person named below,`,
    'on an own medium, with a copy at another place. Then erase this directory.',
    ...(await checkCeremony(`${directory}/public`)).lines,
  ]);
}

async function check(folder: string): Promise<void> {
  say([...(await checkCeremony(folder)).lines, 'Every certificate and the list are the root’s.']);
}

/** `trilock station ceremony` and `check-ceremony`. */
export function registerCeremony(station: Command): void {
  station
    .command('ceremony <directory>')
    .description(
      'make root, officers’ certificates and key files, and the shares of the disaster key, step by step',
    )
    .option('--root <file>', 'PKCS#12 of the root, to add officers under it; without it a root is made')
    .option('--root-passphrase-file <file>', 'instead of asking')
    .option('--answers <file>', 'prepared answers for a rehearsal: {"plan", "passphraseFiles"}')
    .option('--stdin', 'every question is answered by a line of standard input, without a terminal')
    .action(ceremony);
  station
    .command('check-ceremony <public>')
    .description('check the public half of a ceremony and print its words, as an auditor does')
    .action(check);
}
