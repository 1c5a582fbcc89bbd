export * from './errors.ts';
export { Engine, type EngineOptions, type OldIdRecords } from './engine.ts';
export type { AccountReading, HoldReading } from './readings.ts';
