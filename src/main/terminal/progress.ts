/** Writes at most so often, so that a log of it stays readable. */
const INTERVAL_MS = 500;

/**
 * Shows on standard error how far a long task is: one line that changes on a terminal, a line now and then
 * elsewhere. Call it after each step.
 */
export function progress(what: string, total: number): (done: number) => void {
  let shownAt = 0;
  return (done) => {
    const now = Date.now();
    if (done < total && now - shownAt < INTERVAL_MS) return;
    shownAt = now;
    const line = `${what}: ${done} of ${total} (${Math.floor((100 * done) / Math.max(1, total))} %)`;
    if (!process.stderr.isTTY) process.stderr.write(`${line}\n`);
    else process.stderr.write(`\r${line}${done >= total ? '\n' : ''}`);
  };
}
