export { planDrill, planDrillOf } from './plan-drill.ts';
export { recordDrill, type RecordedDrill } from './record-drill.ts';
export { drillStatus, registerDrillMetric, type DrillParts, type DrillStatus } from './proof-ages.ts';
export { proofWatch, raiseOverdue } from './watch-proofs.ts';
export { drillSchedule, writeDrills, type DrillSchedule } from './schedule-drills.ts';
