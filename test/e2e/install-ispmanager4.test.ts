/**
 * Tests the install story in ISPmanager 4. The archive is unpacked over the panel's root, as the panel's list
 * of plugins does it.
 */
import { runInstallStory } from './install-story.ts';

runInstallStory('v4', 'etc/ispmgr_mod_domainsync.xml');
