import { Button, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { lockByLink } from '../../notices/notice-contract.ts';
import { Failure } from '../kit/failure.tsx';
import { postJson } from '../kit/fetch-json.ts';

const ANSWER = lockByLink.responses[200].body;

/** Where the link of a notice leads. The token stands behind the #, which browsers send to nobody. */
export function LockPage() {
  useDocumentTitle('Lock your account · Trilock');
  const lock = useMutation({
    mutationFn: () => postJson(lockByLink.path, ANSWER, { token: window.location.hash.slice(1) }),
  });
  if (lock.isSuccess) {
    return (
      <Stack gap="sm" role="status">
        <Title order={1}>Your account is locked</Title>
        <Text>Nothing leaves it from now on. Please call us: we unlock it when we have recognised you.</Text>
      </Stack>
    );
  }
  return (
    <Stack gap="md" align="flex-start">
      <Title order={1}>Lock your account</Title>
      <Text>
        If what you were told of was not you, lock your account now. Nothing leaves it from then on. To unlock
        it again, we have to recognise you.
      </Text>
      {lock.isError && (
        <Failure title="The account is not locked" error={lock.error} onRetry={() => lock.mutate()} />
      )}
      <Button size="lg" color="red" loading={lock.isPending} onClick={() => lock.mutate()}>
        Lock my account
      </Button>
    </Stack>
  );
}
