export { openWitness } from './witness-service.ts';
