import type { EditEvent, EditItem, Verdict } from '../../core/panel.ts';
import { PanelError } from '../../core/panel.ts';
import type { Several } from '../../core/several.ts';
import type { Change } from '../../dns/zone.ts';
import type { SimPanel } from './sim-panel.ts';
import { administrator, describeVerdict, recordsEvent } from './edits.ts';

/**
 * Reports each write of an engine into the panel to the engines in force, as the panel would report it as an
 * edit.
 * @param inForce the engines that answer hook calls at that moment
 * @param isAlone whether the engine that writes is the only one in force, and so needs no `after`
 * @param echoes holds the fingerprint of each such edit while the engines are asked
 */
export function hearOwnWrites(
  panel: SimPanel,
  inForce: () => Several,
  isAlone: () => boolean,
  echoes: Set<string>,
): void {
  const ask = async (edit: EditEvent): Promise<Verdict> => {
    echoes.add(edit.fingerprint);
    try {
      return await inForce().answer({ kind: 'edits', edits: [edit] }, new AbortController().signal);
    } finally {
      echoes.delete(edit.fingerprint);
    }
  };
  panel.onWrite = async (change, echo) => {
    const verdict = await ask(echoOf(change, echo, 'before'));
    if (verdict.kind === 'refuse') throw new PanelError('panel.refused', { text: describeVerdict(verdict) });
  };
  panel.onDelete = async (zone, echo, stage) => {
    const edit = {
      kind: 'zone-delete',
      stage,
      zone,
      fingerprint: echo,
      actor: administrator,
      echo,
    } as const;
    const verdict = await ask(edit);
    if (verdict.kind === 'refuse' && stage === 'before')
      throw new PanelError('panel.refused', { text: describeVerdict(verdict) });
  };
  panel.onWritten = async (change, echo) => {
    if (!isAlone()) await ask(echoOf(change, echo, 'after'));
  };
}

function echoOf(change: Change, echo: string, stage: 'before' | 'after'): EditEvent {
  const items: EditItem[] = [
    ...change.remove.map((remove) => ({ remove, add: null })),
    ...change.add.map((add) => ({ remove: null, add })),
  ];
  return { ...recordsEvent(change.zone, items, stage), echo };
}
