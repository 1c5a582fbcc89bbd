import { useRaces } from './races/run-races.ts';

useRaces(60);
