import { request } from 'node:http';
import { z } from 'zod';
import { endpointTarget } from '../lifecycle/endpoint.ts';

const PROBE_TIMEOUT_MS = 1_500;
const MAX_ANSWER_BYTES = 64 * 1024;

const readinessSchema = z.object({ startedAt: z.string(), restarts: z.int(), ready: z.boolean() });

export type Probe = z.infer<typeof readinessSchema>;

/** Asks another process's monitor how it is; undefined when it does not answer sensibly in time. */
export function probe(monitor: string): Promise<Probe | undefined> {
  const target = endpointTarget(monitor);
  return new Promise((resolve) => {
    const options = 'path' in target ? { socketPath: target.path } : target;
    const call = request({ ...options, path: '/readyz', timeout: PROBE_TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > MAX_ANSWER_BYTES) call.destroy();
      });
      response.once('end', () => {
        try {
          resolve(readinessSchema.parse(JSON.parse(text)));
        } catch {
          resolve(undefined);
        }
      });
      response.once('error', () => resolve(undefined));
    });
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(undefined));
    call.once('close', () => resolve(undefined));
    call.end();
  });
}
