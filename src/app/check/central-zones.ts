import type { CallContext, Central } from '../../core/central.ts';
import { counted } from '../../core/describe.ts';
import { PanelError } from '../../core/panel.ts';
import type { DnsName } from '../../dns/name.ts';
import { wirePanel } from '../wiring/wire.ts';

/** How many zones the account has at the central. */
export interface ZoneCount {
  readonly zones: number;
  /** Names of these zones, if the central can list zones; else empty. */
  readonly listed: readonly DnsName[];
  /** Whether the panel has zones, but the account has none of them at the central. */
  readonly noneOfThePanels: boolean;
  /** The count as a text, for example `34 zones` or `34 of the panel's 36 zones`. */
  readonly text: string;
}

/**
 * Counts the account's zones. A central that cannot list its zones (a name server) is asked for each zone of
 * this root's panel. It is also asked whether the account may write that zone.
 * @throws {CentralError}
 */
export async function countZones(central: Central, root: string, ctx: CallContext): Promise<ZoneCount> {
  if (central.traits.listsZones) {
    const listed = await central.listZones([], ctx);
    const zones = listed.length;
    const noneOfThePanels = zones === 0 && (await panelHasZones(root, ctx));
    return { zones, listed, noneOfThePanels, text: counted(zones, 'zone') };
  }
  try {
    const { zones: asked } = await (await wirePanel(root)).listZones(ctx);
    if (asked.length === 0) return unasked('has none to ask for');
    const zones = (await central.listZones(asked, ctx)).length;
    const text = `${zones} of the panel's ${counted(asked.length, 'zone')} there for this key`;
    return { zones, listed: [], noneOfThePanels: zones === 0, text };
  } catch (error) {
    if (!(error instanceof PanelError)) throw error;
    return unasked('does not say which to ask for');
  }
}

/** Whether the panel has zones. False also if the panel cannot be read; another check reports that. */
async function panelHasZones(root: string, ctx: CallContext): Promise<boolean> {
  try {
    return (await (await wirePanel(root)).listZones(ctx)).zones.length > 0;
  } catch (error) {
    if (error instanceof PanelError) return false;
    throw error;
  }
}

function unasked(why: string): ZoneCount {
  return { zones: 0, listed: [], noneOfThePanels: false, text: `it lists no zones, and the panel ${why}` };
}
