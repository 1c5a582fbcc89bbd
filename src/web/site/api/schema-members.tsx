import { constraintsOf, membersOf, typeInWords, type SchemaMember } from './describe-schema.ts';
import { ProseText } from './prose-text.tsx';
import { resolveSchema, type JsonSchema, type OpenApiDocument } from './openapi-document.ts';

/** Where the tree stops: schemas may refer to themselves. */
const MAX_DEPTH = 6;

function Values({ values }: { readonly values: readonly unknown[] }) {
  return (
    <span className="member-values">
      {values.map((value) => (
        <code key={JSON.stringify(value)}>{typeof value === 'string' ? value : JSON.stringify(value)}</code>
      ))}
    </span>
  );
}

function Member(props: {
  readonly member: SchemaMember;
  readonly document: OpenApiDocument;
  readonly depth: number;
}) {
  const { member, document, depth } = props;
  const { schema } = resolveSchema(member.schema, document);
  const description = member.schema.description ?? schema.description;
  const constraints = constraintsOf(schema);
  const values = schema.enum ?? schema.items?.enum ?? [];
  return (
    <li className="member">
      <div className="member-line">
        <code className="member-name">{member.name}</code>
        <span className="member-type">{typeInWords(member.schema, document)}</span>
        {member.required && <span className="member-required">required</span>}
      </div>
      {description !== undefined && <ProseText className="member-text" text={description} />}
      {values.length > 0 && <Values values={values} />}
      {constraints.length > 0 && <p className="member-constraints">{constraints.join(' · ')}</p>}
      <SchemaMembers schema={member.schema} document={document} depth={depth + 1} />
    </li>
  );
}

/** The members of a body, parameter set or nested value, each with its type, duty and limits. */
export function SchemaMembers(props: {
  readonly schema: JsonSchema;
  readonly document: OpenApiDocument;
  readonly depth?: number;
}) {
  const { schema, document, depth = 0 } = props;
  const members = depth > MAX_DEPTH ? [] : membersOf(schema, document);
  if (members.length === 0) return null;
  return (
    <ul className="members">
      {members.map((member) => (
        <Member key={member.name} member={member} document={document} depth={depth} />
      ))}
    </ul>
  );
}

export function MemberList(props: {
  readonly members: readonly SchemaMember[];
  readonly document: OpenApiDocument;
}) {
  return (
    <ul className="members">
      {props.members.map((member) => (
        <Member key={member.name} member={member} document={props.document} depth={0} />
      ))}
    </ul>
  );
}
