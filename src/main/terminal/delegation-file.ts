import { delegationHash, delegationSchema, type Approval } from '../../intents/index.ts';
import { SharedError } from '../../shared/index.ts';
import { readDocument } from '../../station/index.ts';

/** What an approval under a delegation says of it, and carries; nothing without one. @throws SharedError `config_invalid`. */
export async function delegationIn(file: string | undefined): Promise<{
  readonly named: Pick<Approval['statement'], 'delegation'>;
  readonly carried: Pick<Approval, 'delegation'>;
}> {
  if (file === undefined) return { named: {}, carried: {} };
  const parsed = delegationSchema.safeParse(await readDocument(file));
  if (!parsed.success) throw new SharedError('config_invalid', `${file} is not a delegation.`);
  const delegation = parsed.data;
  return { named: { delegation: delegationHash(delegation.statement) }, carried: { delegation } };
}
