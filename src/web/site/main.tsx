import '../kit/trusted-types.ts';
import { RouterProvider } from '@tanstack/react-router';
import { mount } from '../kit/mount.tsx';
import { router } from './router.tsx';
import './site.css';

mount(<RouterProvider router={router} />);
