import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Channel, NoticeSender } from './notice-parts.ts';

/** Puts every message into a folder, one file each, in place of sending it: for a sandbox, where nobody gets mail. */
export function fileSender(directory: string, channel: Channel): NoticeSender {
  return {
    async send({ id, to, subject, text }) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const path = join(directory, `${id}.${channel}.txt`);
      const head = channel === 'email' ? [`To: ${to}`, `Subject: ${subject}`] : [`To: ${to}`];
      await writeFile(`${path}.part`, `${[...head, '', text].join('\n')}\n`, { mode: 0o600 });
      await rename(`${path}.part`, path);
    },
  };
}
