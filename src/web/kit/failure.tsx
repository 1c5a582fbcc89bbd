import { Alert, Button, Code, Group, Text } from '@mantine/core';
import { RequestFailure } from './fetch-json.ts';

/** Says what did not work, with the API's code for it, and offers another try. */
export function Failure(props: {
  readonly title: string;
  readonly error: Error;
  readonly onRetry: () => void;
}) {
  const code = props.error instanceof RequestFailure ? props.error.code : null;
  return (
    <Alert color="red" variant="light" title={props.title} role="alert">
      <Text size="sm">
        {props.error.message} {code !== null && <Code>{code}</Code>}
      </Text>
      <Group mt="sm">
        <Button size="xs" variant="default" onClick={props.onRetry}>
          Try again
        </Button>
      </Group>
    </Alert>
  );
}
