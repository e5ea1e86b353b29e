import { displayName } from '../../dns/name.ts';
import { formatRecord } from '../../dns/record.ts';
import { plainText } from '../../core/plain-text.ts';
import type { CentralPlan } from '../../app/control/protocol.ts';
import { delegationText } from './delegation.ts';
import { headText, leftText, nothingDue, stepText, totalsOf, totalsText } from './plan.ts';

const style = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1f24; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 1.5rem 0 .3rem; }
  pre { margin: 0; padding: .6rem .8rem; background: #f6f8fa; border-radius: 6px; overflow-x: auto; }
  .add { color: #116329; } .remove { color: #a40e26; } .left { color: #7d4e00; } .why { color: #59636e; }
  @media (prefers-color-scheme: dark) {
    body { background: #0d1117; color: #e6edf3; } pre { background: #161b22; }
    .add { color: #3fb950; } .remove { color: #ff7b72; } .left { color: #d29922; } .why { color: #8d96a0; }
  }`;

/**
 * Makes one page of HTML from plans. The page needs no other file.
 * @param made the time when the plans were made, as text
 */
export function planPage(plans: readonly CentralPlan[], several: boolean, made: string): string {
  const zones = plans.map((plan) => zoneSection(plan, several)).filter((section) => section !== '');
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>domainsync plan</title><style>${style}</style></head><body>`,
    `<h1>domainsync plan</h1><p>${escaped(made)}. ${escaped(totalsText(totalsOf(plans)))}</p>`,
    ...zones,
    '</body></html>',
    '',
  ].join('\n');
}

function zoneSection(plan: CentralPlan, several: boolean): string {
  const { zone, steps, left, central } = plan;
  const delegated = delegationText(plan);
  const said = headText(plan) ?? (delegated === null ? null : nothingDue);
  if (said === null) return '';
  const lines = [
    ...(delegated === null ? [] : [`<span class="left">${escaped(delegated)}</span>`]),
    ...steps.map((step) => {
      const sign = step.action === 'add' ? '+' : '-';
      return lineOf(step.action, `${sign} ${formatRecord(step.record)}`, stepText(plan, step));
    }),
    ...left.map((one) => lineOf('left', `! ${formatRecord(one.record)}`, leftText(one))),
  ];
  const name = `${displayName(zone)}${several ? ` (central ${central})` : ''}`;
  const list = lines.length === 0 ? '' : `<pre>${lines.join('\n')}</pre>`;
  return `<section><h2>${escaped(`${name}: ${said.text}`)}</h2>${list}</section>`;
}

function lineOf(kind: string, record: string, why: string): string {
  return `<span class="${kind}">${escaped(record)}</span>  <span class="why">${escaped(why)}</span>`;
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return plainText(text).replaceAll(/[&<>"]/gu, (one) => entities[one] ?? one);
}
