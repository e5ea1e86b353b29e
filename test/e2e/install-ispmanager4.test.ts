/** The install story for ISPmanager 4, over its root as its list of plugins does it. */
import { runInstallStory } from './install-story.ts';

runInstallStory('v4', 'etc/ispmgr_mod_domainsync.xml');
