export * from './errors.ts';
export { Engine } from './engine.ts';
export type { EngineOptions } from './books.ts';
export type { OldIdRecords } from './old-ids.ts';
