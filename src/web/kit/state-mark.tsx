/** How good a state is, whatever it is called. */
export type Tone = 'good' | 'busy' | 'warn' | 'bad';

/** A state in words with a coloured dot; the words alone suffice for those who see no colour. */
export function StateMark(props: { readonly tone: Tone; readonly children: string }) {
  return (
    <span className={`state state-${props.tone}`}>
      <span className="state-dot" aria-hidden="true" />
      {props.children}
    </span>
  );
}
