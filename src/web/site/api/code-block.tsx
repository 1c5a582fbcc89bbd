import { CopyButton } from '@mantine/core';

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** JSON text as React nodes, each kind of token in its own colour. No HTML is ever built from text. */
function tokens(text: string) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    nodes.push(text.slice(end, match.index));
    const [whole, string, colon] = match;
    const kind = string === undefined ? 'literal' : colon === undefined ? 'string' : 'key';
    nodes.push(
      <span key={match.index} className={`token-${kind}`}>
        {whole}
      </span>,
    );
    end = match.index + whole.length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

/** A scrollable block of code with a button that copies it. */
export function CodeBlock(props: { readonly label: string; readonly text: string; readonly json?: boolean }) {
  return (
    <figure className="code">
      <figcaption className="code-caption">
        {props.label}
        <CopyButton value={props.text} timeout={1500}>
          {({ copied, copy }) => (
            <button type="button" className="code-copy" onClick={copy} aria-label={`Copy: ${props.label}`}>
              {copied ? 'copied' : 'copy'}
            </button>
          )}
        </CopyButton>
      </figcaption>
      <pre className="code-text" tabIndex={0} aria-label={props.label}>
        <code>{props.json === true ? tokens(props.text) : props.text}</code>
      </pre>
    </figure>
  );
}
