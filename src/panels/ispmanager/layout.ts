import { panelName } from '../../net/ispmanager/kinds.ts';
import { commandFile, type FieldDialect, type PanelLayout } from '../layout.ts';

const settingsHandler = { path: 'addon/domainsync_settings', template: 'common/domainsync_settings' };

const hook4 = { mode: 0o700, template: 'common/domainsync', part: 'ispmanager4/hook' };

const fields4: FieldDialect = {
  required: 'empty="no"',
  select: (name) => `<input type="select" name="${name}"/>`,
};

const fields5: FieldDialect = {
  required: 'required="yes"',
  select: (name) => `<select name="${name}"/>`,
};

/** ISPmanager 4 (docs/protocol.md#files-4, #sources-4). */
export const ispmanager4Layout: PanelLayout = {
  files: [
    { ...hook4, path: 'addon/domainsync', values: { VETO: 'yes' } },
    { ...hook4, path: 'addon/domainsync_owners', values: { VETO: 'no' } },
    { ...settingsHandler, mode: 0o700 },
    commandFile,
    {
      path: 'etc/ispmgr_mod_domainsync.xml',
      mode: 0o644,
      template: 'ispmanager4/ispmgr_mod_domainsync.xml',
      fields: fields4,
      readAtStart: true,
    },
  ],
  description: 'etc/ispmgr_mod_domainsync.xml',
  handlerTypes: ['cgi'],
  eventHandlers: [
    { name: 'domainsync', event: 'domain.sublist.edit' },
    { name: 'domainsync_owners', event: 'user.edit' },
  ],
  log: null,
  restart: { byHand: 'killall ispmgr' },
  caches: null,
  foreign: null,
  // In version 5/6, the folder `lib` belongs to the panel (docs/protocol.md#files-5).
  ownFolders: ['lib'],
};

/**
 * ISPmanager 5/6 and DNSmanager 5/6 (docs/protocol.md#files-5, #modules-5). The file modes are those in the
 * vendor's examples.
 */
export function ispmanager5Layout(kind: 'ispmanager6' | 'dnsmanager'): PanelLayout {
  const panel = panelName(kind);
  const hook = { mode: 0o750, template: 'common/domainsync', part: 'ispmanager5/hook' };
  const description = `etc/xml/${panel}_mod_domainsync.xml`;
  return {
    files: [
      { ...hook, path: 'addon/domainsync', values: { STAGE: 'before', VETO: 'yes' } },
      { ...hook, path: 'addon/domainsync_after', values: { STAGE: 'after', VETO: 'no' } },
      { ...hook, path: 'addon/domainsync_owners', values: { STAGE: 'before', VETO: 'no' } },
      { ...settingsHandler, mode: 0o750 },
      commandFile,
      {
        path: `etc/plugins/${panel}/domainsync.xml`,
        mode: 0o644,
        template: 'ispmanager5/module.xml',
        readAtStart: true,
        optional: true,
      },
      {
        path: description,
        mode: 0o644,
        template: 'ispmanager5/mod_domainsync.xml',
        fields: fields5,
        readAtStart: true,
        // DNSmanager has no web sites and no mail (docs/protocol.md#dnsmanager).
        ...(kind === 'dnsmanager' ? { without: /<event name="(?:webdomain|site|emaildomain)\./ } : {}),
      },
    ],
    description,
    handlerTypes: ['cgi', 'xml'],
    eventHandlers: [
      { name: 'domainsync', event: 'domain.record.edit' },
      { name: 'domainsync_after', event: 'domain.record.edit' },
      { name: 'domainsync_owners', event: 'user.edit' },
    ],
    log: `var/${panel}.log`,
    restart: ['sbin/mgrctl', '-m', panel, 'exit'],
    // If these files are missing, the panel reads its description files when it starts
    // (docs/protocol.md#files-5).
    caches: { folder: 'var', names: /^\.xmlcache$|^\.db\.cache/ },
    // Scripts for the plugin list of ISPmanager 4. Every archive contains them (docs/protocol.md#sources-4).
    foreign: { folder: 'var/.plugin_scripts', names: /^domainsync(?:_arm64)?_(?:postinstall|predelete)$/ },
    ownFolders: [],
  };
}
