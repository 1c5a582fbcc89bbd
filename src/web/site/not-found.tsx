import { Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';

export function NotFound() {
  return (
    <>
      <Title order={1}>There is no such page</Title>
      <Text mt="sm">
        The address may be mistyped. <Link to="/">Go to the status page</Link>.
      </Text>
    </>
  );
}
