import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import '@mantine/core/styles.css';
import './kit.css';
import { styleNonce } from './style-nonce.ts';
import { theme } from './theme.ts';

/** Puts an application on the page with everything that all of them share. */
export function mount(application: ReactNode): void {
  const element = document.getElementById('application');
  if (element === null) throw new Error('The page has no #application.');
  const queries = new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 2_000 } } });
  createRoot(element).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={styleNonce}>
        <QueryClientProvider client={queries}>{application}</QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
