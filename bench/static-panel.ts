/**
 * Replaces the tool of a sandbox panel by a tool that only prints files. The sandbox itself would take more
 * processor time than the product under test.
 */
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DnsName } from '../src/dns/name.ts';
import { displayName } from '../src/dns/name.ts';

/** A host name and its address. */
export type Address = readonly [host: string, address: string];

/** The lists of records that the tool prints. */
export class StaticPanel {
  readonly #folder: string;

  /**
   * Replaces the tool. The sandbox still answers all functions except the list of records.
   * @param root root of the panel, whose sandbox is already running
   */
  constructor(root: string) {
    this.#folder = join(root, 'var/lists');
    mkdirSync(this.#folder, { recursive: true });
    const [tool, stand] = [join(root, 'sbin/mgrctl'), join(root, 'sbin/mgrctl.stand-in')];
    renameSync(tool, stand);
    const text = `#!/bin/sh
# The words: -m PANEL -o xml FUNCTION elid=ZONE
[ "$5" = domain.record ] && [ -f "${this.#folder}/$6" ] && exec cat "${this.#folder}/$6"
exec "${stand}" "$@"
`;
    writeFileSync(tool, text);
    chmodSync(tool, 0o755);
  }

  /** Replaces the list of a zone. A tool that is running now prints either the old list or the new one. */
  show(zone: DnsName, addresses: readonly Address[]): void {
    const rows = addresses.map(([host, address]) => {
      const name = `${host}.${zone}`;
      const cells = { rkey: `${name} A  ${address}`, name, ttl: '3600', rtype: 'A', value: address };
      const inside = Object.entries(cells).map(([cell, text]) => `<${cell}>${text}</${cell}>`);
      return `<elem>${inside.join('')}</elem>`;
    });
    const path = join(this.#folder, `elid=${displayName(zone)}`);
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<doc>${rows.join('')}</doc>\n`;
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}
