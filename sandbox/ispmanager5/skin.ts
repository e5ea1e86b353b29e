import { drawing } from './page-html.ts';
import { DNSMGR_PALETTE, V5_PALETTE, V6_PALETTE, type Palette } from './page-style.ts';
import { ispmanager5Text } from './page-texts.ts';
import { DNSMGR_VIEWS, V5_VIEWS, V6_VIEWS } from './page-views.ts';
import type { Skin } from '../shared/page-skin.ts';

/** Parameters that the pages of version 5/6 add to a call (docs/protocol.md#parameters). */
const NOISE = { clicked_button: 'ok', sform: 'ajax', progressid: 'false', tconvert: 'punycode' };

function skin(palette: Palette, path: string, own: Pick<Skin, 'views' | 'menu' | 'pluginMenu'>): Skin {
  return { ...own, noise: NOISE, sendsNames: true, text: ispmanager5Text, ...drawing(palette, path) };
}

const admin = { label: 'settings', funcs: ['user', 'plugin'], isAdmin: true } as const;
const hosting = { label: 'hosting', funcs: ['webdomain', 'emaildomain'] } as const;
const dns = { label: 'dns', funcs: ['domain'] } as const;

/** The pages of version 5. */
export const V5_SKIN: Skin = skin(V5_PALETTE, '/ispmgr', {
  views: V5_VIEWS,
  menu: [hosting, dns, admin],
  pluginMenu: { kind: 'main', texts: ['menu_'] },
});

/**
 * The pages of version 6. Their menu for plugins differs from that of version 5
 * (docs/protocol.md#description-5).
 */
export const V6_SKIN: Skin = skin(V6_PALETTE, '/ispmgr', {
  views: V6_VIEWS,
  menu: [hosting, dns, admin],
  pluginMenu: { kind: 'modern', texts: ['modernmenu_', 'menu_'] },
});

/** The pages of DNSmanager, which has neither web sites nor mail. */
export const DNSMGR_SKIN: Skin = skin(DNSMGR_PALETTE, '/dnsmgr', {
  views: DNSMGR_VIEWS,
  menu: [dns, admin],
  pluginMenu: { kind: 'main', texts: ['menu_'] },
});
