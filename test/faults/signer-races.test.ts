import { useSignerRaces } from './races/signer-races.ts';

useSignerRaces(8);
