import type { GatewayWorld } from '../gateway-world.ts';
import { checkAnswers } from './answers.ts';
import { checkAuditTrail } from './audit.ts';
import { Course, type GatewayViolation, type Report } from './course.ts';
import { checkResults } from './results.ts';
import { checkDrift } from './drift.ts';
import { checkClaims, checkCreated, checkOwners, checkRights } from './rights.ts';
import { checkExpected, checkOthers, checkTurns } from './turns.ts';

export type { GatewayViolation } from './course.ts';

/** Checks all laws of the gateway at the end of a history. */
export async function judgeWorld(world: GatewayWorld): Promise<readonly GatewayViolation[]> {
  const violations: GatewayViolation[] = world.defects.map((text) => ({ law: 'gateway.defect', text }));
  const report: Report = (law, text) => violations.push({ law, text });
  const course = new Course(world);
  checkAnswers(course, report);
  checkRights(course, report);
  checkOwners(course, report);
  checkCreated(course, report);
  checkClaims(course, report);
  checkTurns(course, report);
  checkOthers(course, report);
  checkResults(course, report);
  checkExpected(course, report);
  checkDrift(course, report);
  await checkAuditTrail(course, report);
  return violations;
}
