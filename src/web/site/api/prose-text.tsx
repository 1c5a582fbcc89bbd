/** Descriptions in the document use back-quotes for code and blank lines for paragraphs, and nothing else. */
export function ProseText(props: { readonly text: string; readonly className?: string }) {
  return props.text.split(/\n{2,}/).map((paragraph, index) => (
    <p key={index} className={props.className}>
      {paragraph
        .split('`')
        .map((piece, position) => (position % 2 === 1 ? <code key={position}>{piece}</code> : piece))}
    </p>
  ));
}
