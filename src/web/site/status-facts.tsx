import { SimpleGrid } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Status } from '../../status/status-contract.ts';
import { Hash } from '../kit/hash.tsx';
import { StateMark, type Tone } from '../kit/state-mark.tsx';
import { ago } from '../kit/time.ts';

interface Fact {
  readonly term: string;
  readonly value: ReactNode;
}

function FactCard(props: {
  readonly title: string;
  readonly tone: Tone;
  readonly state: string;
  readonly lead: string;
  readonly leadLabel: string;
  readonly facts: readonly Fact[];
}) {
  return (
    <section className="card" aria-label={props.title}>
      <div className="card-head">
        <h2 className="card-title">{props.title}</h2>
        <StateMark tone={props.tone}>{props.state}</StateMark>
      </div>
      <p className="card-lead">{props.lead}</p>
      <p className="card-lead-label">{props.leadLabel}</p>
      <dl className="facts">
        {props.facts.map((fact) => (
          <div key={fact.term} className="fact">
            <dt>{fact.term}</dt>
            <dd>{fact.value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const NODE_TONE: Record<Status['node']['state'], Tone> = { up: 'good', stale: 'warn', down: 'bad' };
const LEDGER_TONE: Record<Status['ledger']['state'], Tone> = {
  leading: 'good',
  replaying: 'busy',
  down: 'bad',
};

const grouped = new Intl.NumberFormat('en');

function NodeCard({ status }: { readonly status: Status }) {
  const { node, observedAt } = status;
  const { tip } = node;
  const facts: Fact[] = [
    { term: 'Network', value: node.network },
    { term: 'Node', value: node.implementation ?? 'unknown' },
  ];
  if (tip !== null) {
    facts.push({ term: 'Tip', value: <Hash value={tip.hash} label="block hash" /> });
    facts.push({ term: 'Block time', value: ago(tip.time, Date.parse(observedAt)) });
  }
  return (
    <FactCard
      title="Bitcoin node"
      tone={NODE_TONE[node.state]}
      state={node.state}
      lead={tip === null ? '–' : grouped.format(tip.height)}
      leadLabel="block height"
      facts={facts}
    />
  );
}

function LedgerCard({ ledger }: { readonly ledger: Status['ledger'] }) {
  const head = ledger.headHash;
  return (
    <FactCard
      title="Ledger"
      tone={LEDGER_TONE[ledger.state]}
      state={ledger.state}
      lead={ledger.sequence === null ? '–' : grouped.format(BigInt(ledger.sequence))}
      leadLabel="last batch"
      facts={[
        { term: 'Head', value: head === null ? 'none yet' : <Hash value={head} label="ledger head hash" /> },
      ]}
    />
  );
}

function DatabaseCard({ database }: { readonly database: Status['database'] }) {
  return (
    <FactCard
      title="Database"
      tone={database.state === 'up' ? 'good' : 'bad'}
      state={database.state}
      lead={database.serverVersion ?? '–'}
      leadLabel="PostgreSQL version"
      facts={[
        {
          term: 'Answered in',
          value: database.answeredInMs === null ? '–' : `${grouped.format(database.answeredInMs)} ms`,
        },
      ]}
    />
  );
}

/** The three things everything stands on, side by side. */
export function StatusFacts({ status }: { readonly status: Status }) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="lg">
      <NodeCard status={status} />
      <LedgerCard ledger={status.ledger} />
      <DatabaseCard database={status.database} />
    </SimpleGrid>
  );
}
