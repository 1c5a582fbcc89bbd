import { Skeleton, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDocumentTitle, useHotkeys } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Failure } from '../../kit/failure.tsx';
import { fetchJson } from '../../kit/fetch-json.ts';
import './api.css';
import { findOperations, type OperationGroup } from './find-operations.ts';
import { openApiDocumentSchema, operationsOf, type OpenApiDocument } from './openapi-document.ts';
import { OperationCard } from './operation-card.tsx';
import { ProseText } from './prose-text.tsx';

function Index({ groups }: { readonly groups: readonly OperationGroup[] }) {
  return groups.map((group) => (
    <section key={group.tag} className="index-group">
      <h2 className="index-tag">{group.tag}</h2>
      <ul className="index-list">
        {group.operations.map((operation) => (
          <li key={operation.key}>
            <a className="index-link" href={`#${operation.key}`}>
              <span className={`method method-${operation.method}`}>{operation.method}</span>
              <span className="index-text">
                {operation.summary === '' ? operation.path : operation.summary}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  ));
}

function Operations(props: {
  readonly groups: readonly OperationGroup[];
  readonly document: OpenApiDocument;
}) {
  return props.groups.map((group) => (
    <section key={group.tag} aria-label={group.tag} className="operation-group">
      <Title order={2} className="operation-tag">
        {group.tag}
      </Title>
      {group.description !== '' && <ProseText className="operation-tag-text" text={group.description} />}
      <Stack gap="lg">
        {group.operations.map((operation) => (
          <OperationCard key={operation.key} operation={operation} document={props.document} />
        ))}
      </Stack>
    </section>
  ));
}

/** The browser looks for `#operation` before the operations are on the page; look again once they are. */
function useScrollToHash(): void {
  useEffect(() => {
    const id = decodeURIComponent(globalThis.location.hash.slice(1));
    if (id !== '') document.getElementById(id)?.scrollIntoView();
  }, []);
}

function Reference({ document }: { readonly document: OpenApiDocument }) {
  const [search, setSearch] = useState('');
  const deferredSearch = useDeferredValue(search);
  const field = useRef<HTMLInputElement>(null);
  useHotkeys([['/', () => field.current?.focus()]]);
  useScrollToHash();
  const operations = useMemo(() => operationsOf(document), [document]);
  const groups = findOperations(document, operations, deferredSearch);
  const shown = groups.reduce((count, group) => count + group.operations.length, 0);
  return (
    <div className="reference">
      <nav className="reference-index" aria-label="Operations">
        <TextInput
          ref={field}
          type="search"
          label="Find an operation"
          placeholder="path, name or parameter"
          description="Press / to search"
          inputWrapperOrder={['label', 'input', 'description']}
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
          }}
        />
        <p className="visually-hidden" role="status">
          {shown} of {operations.length} operations
        </p>
        <div className="reference-list">
          <Index groups={groups} />
        </div>
      </nav>
      <div className="reference-operations">
        <header>
          <Title order={1} className="reference-title">
            {document.info.title}
          </Title>
          <Text c="dimmed">
            Version {document.info.version} ·{' '}
            <a href="/v1/openapi.json">OpenAPI {document.openapi} document</a>
          </Text>
          {document.info.description !== undefined && (
            <ProseText className="reference-text" text={document.info.description} />
          )}
        </header>
        {shown === 0 && <Text className="reference-none">No operation has all of these words.</Text>}
        <Operations groups={groups} document={document} />
      </div>
    </div>
  );
}

export function ApiPage() {
  useDocumentTitle('API · Trilock');
  const query = useQuery({
    queryKey: ['openapi'],
    queryFn: ({ signal }) => fetchJson('/v1/openapi.json', openApiDocumentSchema, signal),
    staleTime: Infinity,
  });
  if (query.data !== undefined) return <Reference document={query.data} />;
  if (query.error !== null) {
    return (
      <Failure
        title="The API description is not there"
        error={query.error}
        onRetry={() => void query.refetch()}
      />
    );
  }
  return <Skeleton height={420} radius="lg" aria-label="Loading the API description" />;
}
