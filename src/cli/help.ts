/** Examples and exit statuses of every command, shown by its `--help`. */
export const examples = {
  program: `
Examples:
  domainsync status                what is running, what waits, what needs a person
  domainsync doctor                what is wrong here, and what to do about it
  domainsync zone example.org      one zone, both sides side by side
  domainsync history               what was edited lately and what became of it
  domainsync pause --for 1h        nobody's panel is ever locked by us

Exit status: 0 done, 1 failed, 2 wrong usage, 3 something needs a person (status, doctor, install, uninstall).
Files, modes, backup and what to do when: docs/operations.md. Every message: docs/messages.md.
`,
  status: `
Examples:
  domainsync status
  domainsync --json status | jq .engine.stuck

Exit status: 0 all is well, 1 no agent answers, 3 something needs a person (stuck operations, broken settings).
`,
  zones: `
Examples:
  domainsync zones
  domainsync --json zones | jq -r '.[] | select(.standing == "panel-only") | .zone'

Standing: joined = edits are mirrored; panel-only = was in the panel before us, left alone; foreign = belongs to another
account at the central; creating, deleting = under way (docs/adoption.md).
Needs no running agent. Exit status: 0 shown, 1 not.
`,
  zone: `
Examples:
  domainsync zone example.org
  domainsync zone пример.рф
  domainsync --json zone example.org | jq -r '.signing.ds[]?'    what the registrar has to know of a signed zone

The central is asked whether it signs the zone; everything else is what was last seen. Needs no running agent. Exit status: 0 shown, 1 not.
`,
  history: `
Examples:
  domainsync history
  domainsync history --latest 500
  domainsync --json history --latest 1000 | jq '.[] | select(.state == "refused")'

States: prepared -> applied -> kept -> confirmed; refused; reverting -> reverted; stuck ("domainsync show ID" explains).
Needs no running agent. Exit status: 0 shown, 1 not.
`,
  show: `
Examples:
  domainsync show 0m4x2k9qz-0011a2b
  domainsync show 0m4x2k9qz          the beginning is enough when it is unique

Ids stand in "domainsync history", "domainsync status" and in the log.
Needs no running agent. Exit status: 0 shown, 1 no such operation.
`,
  check: `
Examples:
  domainsync check
  domainsync check || domainsync doctor

Tests the settings as they are in the file now. Exit status: 0 the central accepts the account, 1 not.
`,
  compare: `
Examples:
  domainsync compare                 all zones
  domainsync compare example.org     after something was put right by hand
  domainsync compare example.org --follow
                                     the zone's records, or the zone, are gone from the panel on purpose

A comparison adds at the central what is new in the panel and lists the rest. It removes only what a function of the panel, or a
pause, has just taken away there: at most 4 records, 30 % of a large zone, never all of it. --follow lets one zone do more.
Exit status: 0 asked for, 1 no agent answers.
`,
  pause: `
Examples:
  domainsync pause                   until "domainsync resume"
  domainsync pause --for 30m         ends by itself

Without this program: touch var/domainsync/pause under the panel's root, e.g. /usr/local/mgr5/var/domainsync/pause
Exit status: 0 paused.
`,
  resume: `
Examples:
  domainsync resume

Exit status: 0 not paused any more.
`,
  agent: `
Examples:
  domainsync agent                   until it is ended by a signal

Usually the system's service or the first edit starts it.
Exit status: 0 ended, or one runs already, 1 it could not start (the log says why).
`,
  doctor: `
Examples:
  domainsync doctor
  domainsync doctor --self-test                          with a scratch zone such as domainsync-test-1a2b3c4d.invalid
  domainsync doctor --self-test --zone test.example.org  where the panel or the central refuse .invalid
  domainsync --json doctor --self-test > report.json     the report to send us; it holds no secret

Without --self-test nothing is changed. Exit status: 0 no problems, 1 it could not be found out, 3 problems.
`,
  install: `
Examples:
  domainsync install                                     again with the same release: nothing changes
  domainsync install --config /root/domainsync.ini       with settings, as a fleet tool would
  printf '...' | domainsync install --config -           settings from standard input
  domainsync install --handlers xml                      ISPmanager 5/6 that does not take what our handlers print
  domainsync --root /opt/ispsystem/dnsmanager6 install   another panel on the same host
  domainsync --root /srv/panel install --system no       another root, no service file

Which panel it is, the root tells: ISPmanager 4, ISPmanager 5/6, DNSmanager 5/6. When something changes that the panel reads only
at its start, ISPmanager 5/6 and DNSmanager are restarted; an ISPmanager 4 by you: "killall ispmgr".
Exit status: 0 installed (or already so), 1 refused, nothing was changed, or not finished (it is said which), 3 installed, but
the panel could not be restarted, the service could not be set up, or the old agent has not ended yet.
`,
  uninstall: `
Examples:
  domainsync uninstall                 everything: programs, settings, journal, log
  domainsync uninstall --keep-data     programs only; a later "install" goes on where this one ended

What is at the central stays there as it is; it is only not kept in step any more.
Exit status: 0 removed, 1 the agent did not end (run it again), 3 removed, but the panel could not be restarted.
`,
} as const;
