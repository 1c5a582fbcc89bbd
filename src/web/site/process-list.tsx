import type { ProcessStatus } from '../../status/status-contract.ts';
import { StateMark, type Tone } from '../kit/state-mark.tsx';
import { ago } from '../kit/time.ts';

const TONE: Record<ProcessStatus['state'], Tone> = {
  starting: 'busy',
  running: 'good',
  stopping: 'busy',
  stopped: 'bad',
  unreachable: 'bad',
};

const DUTY: Record<ProcessStatus['role'], string> = {
  api: 'Answers requests, serves these pages',
  worker: 'Follows the chain, broadcasts, delivers events',
  ledger: 'Writes the payment ledger, alone',
  signer: 'Checks approvals from the bytes, signs last',
  witness: 'Countersigns what the signer has consumed',
};

/** Every process with its state; a table that turns into a list on a narrow screen. */
export function ProcessList(props: {
  readonly processes: readonly ProcessStatus[];
  readonly observedAt: string;
}) {
  const nowMs = Date.parse(props.observedAt);
  return (
    <section className="card" aria-labelledby="processes">
      <h2 className="card-title" id="processes">
        Processes
      </h2>
      <table className="process-table">
        <thead>
          <tr>
            <th scope="col">Process</th>
            <th scope="col">State</th>
            <th scope="col">Started</th>
            <th scope="col">Restarts</th>
          </tr>
        </thead>
        <tbody>
          {props.processes.map((process) => (
            <tr key={process.role}>
              <th scope="row">
                <span className="process-role">{process.role}</span>
                <span className="process-duty">{DUTY[process.role]}</span>
              </th>
              <td>
                <StateMark tone={TONE[process.state]}>{process.state}</StateMark>
              </td>
              <td data-label="started">{process.startedAt === null ? '–' : ago(process.startedAt, nowMs)}</td>
              <td data-label="restarts">{process.restarts}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
