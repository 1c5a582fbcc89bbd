import { CodeBlock } from './code-block.tsx';
import { curlCommand } from './curl-command.ts';
import type { SchemaMember } from './describe-schema.ts';
import { typeInWords } from './describe-schema.ts';
import { exampleOfContent } from './example-value.ts';
import type {
  ApiContent,
  ApiOperation,
  ApiParameter,
  ApiResponse,
  OpenApiDocument,
} from './openapi-document.ts';
import { ProseText } from './prose-text.tsx';
import { MemberList, SchemaMembers } from './schema-members.tsx';

interface PartProps {
  readonly operation: ApiOperation;
  readonly document: OpenApiDocument;
}

const PARAMETER_PLACES: readonly (readonly [place: string, title: string])[] = [
  ['path', 'Path'],
  ['query', 'Query'],
  ['header', 'Headers'],
];

function memberOf(parameter: ApiParameter): SchemaMember {
  const { description } = parameter;
  const schema = parameter.schema ?? {};
  return {
    name: parameter.name,
    schema: description === undefined ? schema : { ...schema, description },
    required: parameter.required,
  };
}

function Parameters({ operation, document }: PartProps) {
  return PARAMETER_PLACES.map(([place, title]) => {
    const members = operation.parameters.filter((parameter) => parameter.in === place).map(memberOf);
    if (members.length === 0) return null;
    return (
      <section key={place}>
        <h4 className="part-title">{title}</h4>
        <MemberList members={members} document={document} />
      </section>
    );
  });
}

function ContentMembers(props: { readonly content: ApiContent; readonly document: OpenApiDocument }) {
  return Object.entries(props.content).map(([mediaType, { schema }]) => (
    <div key={mediaType}>
      <p className="content-type">
        <code>{mediaType}</code>
        {schema !== undefined && <span className="member-type">{typeInWords(schema, props.document)}</span>}
      </p>
      {schema !== undefined && <SchemaMembers schema={schema} document={props.document} />}
    </div>
  ));
}

function Response(props: {
  readonly status: string;
  readonly response: ApiResponse;
  readonly document: OpenApiDocument;
}) {
  const { status, response, document } = props;
  const headers = Object.entries(response.headers ?? {});
  const content = Object.entries(response.content ?? {});
  return (
    <details className="response" open={status.startsWith('2')}>
      <summary>
        <span className={`status status-${status.charAt(0)}`}>{status}</span>
        <div className="response-text">
          <ProseText text={response.description} />
        </div>
      </summary>
      <div className="response-body">
        {headers.length > 0 && (
          <MemberList
            document={document}
            members={headers.map(([name, header]) => ({
              name,
              schema: { ...header.schema, description: header.description },
              required: false,
            }))}
          />
        )}
        <ContentMembers content={response.content ?? {}} document={document} />
        {content.length + headers.length === 0 && <p className="member-text">No body.</p>}
      </div>
    </details>
  );
}

function Examples({ operation, document }: PartProps) {
  const request = Object.values(operation.body?.content ?? {})[0];
  const success = operation.responses.find(([status]) => status.startsWith('2'));
  const answer = Object.values(success?.[1].content ?? {})[0];
  const texts: (readonly [label: string, value: unknown])[] = [];
  if (request !== undefined) texts.push(['Request body', exampleOfContent(request, document)]);
  if (answer !== undefined) texts.push([`Answer ${success?.[0] ?? ''}`, exampleOfContent(answer, document)]);
  return (
    <div className="operation-examples">
      <CodeBlock label="curl" text={curlCommand(operation, document, globalThis.location.origin)} />
      {texts
        .filter(([, value]) => value !== undefined)
        .map(([label, value]) => (
          <CodeBlock key={label} label={label} text={JSON.stringify(value, null, 2)} json />
        ))}
    </div>
  );
}

/** Everything about one operation: what it takes on the left, examples on the right. */
export function OperationCard({ operation, document }: PartProps) {
  const { body } = operation;
  return (
    <article className="card operation" id={operation.key} aria-labelledby={`${operation.key}-title`}>
      <header className="operation-head">
        <h3 className="operation-title" id={`${operation.key}-title`}>
          {operation.summary === '' ? operation.path : operation.summary}
          {operation.deprecated && <span className="member-required">deprecated</span>}
        </h3>
        <p className="operation-address">
          <span className={`method method-${operation.method}`}>{operation.method}</span>
          <code>{operation.path}</code>
        </p>
      </header>
      <div className="operation-columns">
        <div className="operation-parts">
          {operation.description !== '' && (
            <ProseText className="operation-text" text={operation.description} />
          )}
          <p className="operation-access">
            {operation.security.length === 0
              ? 'Open to everybody.'
              : `Needs a sign-in: ${operation.security.join(' or ')}.`}
          </p>
          <Parameters operation={operation} document={document} />
          {body !== undefined && (
            <section>
              <h4 className="part-title">Body{body.required ? '' : ' (optional)'}</h4>
              {body.description !== undefined && (
                <ProseText className="member-text" text={body.description} />
              )}
              <ContentMembers content={body.content} document={document} />
            </section>
          )}
          <section>
            <h4 className="part-title">Answers</h4>
            {operation.responses.map(([status, response]) => (
              <Response key={status} status={status} response={response} document={document} />
            ))}
          </section>
        </div>
        <Examples operation={operation} document={document} />
      </div>
    </article>
  );
}
