export * from './errors.ts';
export * from './satoshis.ts';
export * from './fee-rate.ts';
export * from './ids.ts';
export * from './clock.ts';
export * from './canonical-json.ts';
export * from './crash-point.ts';
export * from './chain-link.ts';
