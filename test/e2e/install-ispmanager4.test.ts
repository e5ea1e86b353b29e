/** Installed on an ISPmanager 4, over its root as its list of plugins does it. */
import { tellInstallStory } from './install-story.ts';

tellInstallStory('v4', 'etc/ispmgr_mod_domainsync.xml');
