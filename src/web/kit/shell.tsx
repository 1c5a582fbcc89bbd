import { Container } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Brand } from './brand.tsx';
import { SchemeToggle } from './scheme-toggle.tsx';

export interface NavigationItem {
  readonly to: string;
  readonly label: string;
}

/** The frame of every page: a skip link, the header with its navigation, and the page itself. */
export function Shell(props: {
  readonly navigation: readonly NavigationItem[];
  readonly children: ReactNode;
}) {
  return (
    <>
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className="shell-header">
        <Container size="xl" className="shell-bar">
          <Link to="/" className="shell-home" aria-label="Trilock, status">
            <Brand />
          </Link>
          <nav aria-label="Main" className="shell-navigation">
            {props.navigation.map((item) => (
              <Link key={item.to} to={item.to} className="shell-link" activeOptions={{ exact: true }}>
                {item.label}
              </Link>
            ))}
          </nav>
          <SchemeToggle />
        </Container>
      </header>
      <main id="content" tabIndex={-1} className="shell-content">
        <Container size="xl">{props.children}</Container>
      </main>
    </>
  );
}
