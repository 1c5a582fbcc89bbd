import { CopyButton, Tooltip, UnstyledButton } from '@mantine/core';

/** A long hexadecimal value, shortened in the middle; pressing it copies the whole. */
export function Hash(props: { readonly value: string; readonly label: string }) {
  const short = `${props.value.slice(0, 8)}…${props.value.slice(-8)}`;
  return (
    <CopyButton value={props.value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip
          label={copied ? 'Copied' : props.value}
          openDelay={300}
          events={{ hover: true, focus: true, touch: false }}
        >
          <UnstyledButton
            className="hash"
            onClick={copy}
            aria-label={`Copy the ${props.label}, ${props.value}`}
          >
            {copied ? 'copied to clipboard' : short}
          </UnstyledButton>
        </Tooltip>
      )}
    </CopyButton>
  );
}
