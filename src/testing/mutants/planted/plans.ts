import { engine, type PlantedBug } from './bug.ts';

/** Planted bugs in plans, in the application of plans, and in exclusions. */
export const plantedInPlans: readonly PlantedBug[] = [
  {
    name: 'plan-step-not-approved',
    file: `${engine}/planning/apply-zone.ts`,
    find: `if (!isPartOf(now.plan, plan)) return { kind: 'changed', now: now.plan };`,
    replace: ``,
    says: 'A step is done that no operator has seen.',
  },
  {
    name: 'pull-writes-at-central',
    file: `${engine}/planning/apply-zone.ts`,
    find: `return request.direction === 'push' ? await push(runtime, now, plan, ctx) : await pull(runtime, now, plan);`,
    replace: `return await push(runtime, now, plan, ctx);`,
    says: 'A pull writes at the central.',
  },
  {
    name: 'plan-without-lock',
    file: `${engine}/planning/apply-zone.ts`,
    find: `await runtime.lockedStep('-', plan.zone, null, (ctx) =>`,
    replace: `await runtime.timers.step('-', (ctx) =>`,
    says: 'A plan is applied while edits of its zone are being written.',
  },
  {
    name: 'plan-done-though-left',
    file: `${engine}/planning/apply-zone.ts`,
    find: `if (hindered !== null) return hindered;`,
    replace: ``,
    says: 'A step that an open edit or an exclusion forbids is reported as done.',
  },
  {
    name: 'plan-failure-said-to-do-nothing',
    file: `${engine}/planning/apply-zone.ts`,
    find: `if (begun === null || !mayPass(error)) throw error;`,
    replace: `if (begun !== '') throw error;`,
    says: 'A push that is journalled and then fails is reported as not begun.',
  },
  {
    name: 'plan-sends-excluded',
    file: `${engine}/planning/plan-rule.ts`,
    find: `if (side.row?.state === 'excluded') return 'excluded';`,
    replace: ``,
    says: 'A push sends what an operator excluded.',
  },
  {
    name: 'plan-takes-open-edits',
    file: `${engine}/planning/plan-rule.ts`,
    find: `if (isBusy) return 'edit-open';`,
    replace: ``,
    says: 'A push sends or removes a record that an open edit decides about.',
  },
  {
    name: 'exclusion-beside-open-edit',
    file: `${engine}/planning/exclude.ts`,
    find: `if (isAboutAny(await tx.open(zone), named)) return { kind: 'under-way' };`,
    replace: ``,
    says: 'A record is excluded while an edit of it goes on.',
  },
  {
    name: 'exclusion-lost-to-edit',
    file: `${engine}/knowledge/ledger-rows.ts`,
    find: `if (row?.state === 'excluded') return 'excluded';`,
    replace: ``,
    says: 'An edit of an excluded record ends its exclusion.',
  },
];
