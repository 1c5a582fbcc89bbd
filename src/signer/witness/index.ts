export { openWitness, type WitnessService } from './witness-service.ts';
