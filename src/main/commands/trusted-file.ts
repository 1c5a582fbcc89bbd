import { z } from 'zod';
import { SharedError } from '../../shared/index.ts';
import { readDocument } from '../../station/index.ts';

const headsSchema = z.array(
  z.strictObject({
    position: z.string().regex(/^[1-9][0-9]{0,18}$/),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
  }),
);

/** Heads noted elsewhere: a JSON list of `{"position": "…", "hash": "…"}`. @throws SharedError `config_invalid`. */
export async function readTrustedFile(file: string | undefined): Promise<z.infer<typeof headsSchema>> {
  if (file === undefined) return [];
  const read = await readDocument(file);
  try {
    return headsSchema.parse(read);
  } catch (cause) {
    throw new SharedError('config_invalid', `${file} is not a list of {"position", "hash"}.`, { cause });
  }
}
