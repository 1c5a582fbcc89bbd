import { Badge, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { statusSchema, type Status } from '../../status/status-contract.ts';
import { Failure } from '../kit/failure.tsx';
import { fetchJson } from '../kit/fetch-json.ts';
import { StateMark, type Tone } from '../kit/state-mark.tsx';
import { utcTime } from '../kit/time.ts';
import { ProcessList } from './process-list.tsx';
import { StatusFacts } from './status-facts.tsx';

/** Often enough to watch a restart, seldom enough not to be traffic. */
const REFRESH_MS = 5_000;

const HEALTH: Record<Status['health'], { tone: Tone; headline: string; text: string }> = {
  ok: {
    tone: 'good',
    headline: 'Everything is running',
    text: 'All processes answer and the node is current.',
  },
  degraded: {
    tone: 'warn',
    headline: 'Something needs attention',
    text: 'Part of the system is starting, stopped or behind. Details are below.',
  },
  down: {
    tone: 'bad',
    headline: 'No money can move',
    text: 'The database or the ledger is down. Nothing is lost; nothing is accepted either.',
  },
};

function Overview({ status }: { readonly status: Status }) {
  const health = HEALTH[status.health];
  return (
    <section className={`overview overview-${health.tone}`} aria-live="polite">
      <div>
        <StateMark tone={health.tone}>{status.health}</StateMark>
        <Title order={1} className="overview-headline">
          {health.headline}
        </Title>
        <Text c="dimmed">{health.text}</Text>
      </div>
      <Group gap="xs" className="overview-badges">
        <Badge variant="outline" color="gray" size="lg">
          {status.node.network}
        </Badge>
        <Badge variant="outline" color="gray" size="lg" tt="none">
          v{status.version}
        </Badge>
      </Group>
    </section>
  );
}

export function StatusPage() {
  useDocumentTitle('Status · Trilock');
  const query = useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => fetchJson('/v1/status', statusSchema, signal),
    refetchInterval: REFRESH_MS,
  });
  const retry = () => void query.refetch();
  return (
    <Stack gap="xl">
      {query.error !== null && (
        <Failure
          title={query.data === undefined ? 'The status is not known' : 'The status below may be out of date'}
          error={query.error}
          onRetry={retry}
        />
      )}
      {query.isPending && <Skeleton height={180} radius="lg" aria-label="Loading the status" />}
      {query.data !== undefined && (
        <>
          <Overview status={query.data} />
          <StatusFacts status={query.data} />
          <ProcessList processes={query.data.processes} observedAt={query.data.observedAt} />
          <Text size="sm" c="dimmed">
            Observed {utcTime(query.data.observedAt)}, refreshed every {REFRESH_MS / 1000} seconds.
          </Text>
        </>
      )}
    </Stack>
  );
}
