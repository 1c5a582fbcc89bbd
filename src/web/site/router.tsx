import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router';
import { Shell } from '../kit/shell.tsx';
import { LockPage } from './lock-page.tsx';
import { NotFound } from './not-found.tsx';
import { StatusPage } from './status-page.tsx';

const NAVIGATION = [
  { to: '/', label: 'Status' },
  { to: '/docs', label: 'API' },
] as const;

const root = createRootRoute({
  component: () => (
    <Shell navigation={NAVIGATION}>
      <Outlet />
    </Shell>
  ),
  notFoundComponent: NotFound,
});

const statusRoute = createRoute({ getParentRoute: () => root, path: '/', component: StatusPage });

const apiRoute = createRoute({
  getParentRoute: () => root,
  path: '/docs',
  component: lazyRouteComponent(() => import('./api/api-page.tsx'), 'ApiPage'),
});

const lockRoute = createRoute({ getParentRoute: () => root, path: '/lock', component: LockPage });

export const router = createRouter({ routeTree: root.addChildren([statusRoute, apiRoute, lockRoute]) });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
