/**
 * Words that an anonymous report may show: words of the doctor's findings, of paths, and of messages of the
 * operating system. `vocabulary.test.ts` finds words that are missing here.
 */
export const words: readonly string[] = `
a aborted access account action active add addon address admin administrators adopt after again agent ago
alert algorithm all allow alone altnames an and anew anonymous another answer answered answers any api
applied apply approve approved archive are arm64 as aside ask asked asks assertion async at attempts
authinfo authoritative auto background backup bad baseline be been before began between bin bind both
broken busy by cache caches calls can cannot cause central centrals cert certificate cgi chain changed
changes check checked checks chmod chown cjs clock clone cloned closed code column commas compare compared
compares comparison comparisons complete config configured confirms conflict connect control copies copy
correct costs could count creating current customer cut damaged data day days db debian defect delete
deleted deleting delivered delivery denied depth description device digest dir directory disk dns
dnsmanager dnsmgr do docs doctor does domains domainsync dropped dynamic eacces each earlier edit edits
either else empty en end ended ends enoent eof error errors etc event every everything example exclude
excluded executable expire expired explain fact fail failed failing false far file files fill filter
fingerprint firewall first flush followed for forbidden force foreign found free from front full function
gap garbled gateway generation get getaddrinfo gnu goes gone gui hand handler handlers handshake hang has
head heartbeat hello help hides history hmac holds home hook host hostname hour hourly how html http https
identity if in incarnation include index ini install installation installed internal interval io ipv4 ipv6
is isp ispmanager ispmgr it its journal js json kept key kib kill kind knot know known last later left let
level lib lift limit line linux list lists local localhost locked log login long look low machine mail
make makes manager marked master match may md md5 meanwhile menu messages mgr mgr5 mib minute minutes
mirrored missing mistakes mod mode more move moved ms n name named names nameservers native nc ncat needed
needs neither net netcat new newer newest next nmap no nobody node none nor not note nothing notices
notify ns null object observe observed observes observing octet octets of off ok old older on one ones
only open openbsd operation operations opt options or other others otherwise our ours out outcome over own
owner ownercheck owners page panel pass passed passes password patch paths pause paused pdnsutil pem
pending perhaps permission permitted pid plain plan plans plugin points port position post powerdns
prepared press primary problem process program promise protocol proved provider proxy pull push put
queries query quiet quota rangeerror rank reach reaches read readonly reads really reason record records
redhat redirect referenceerror refused register registered relaxed release repair report reports reseller
reset resolved resolver restart restarted restored resume reverting rfc right root routines run running
runs runtime s saved say says sbin seconds secret section see sees self sendmail sent serve server servers
serves service session set settings sha1 sha256 sha384 sha512 shm should show shown shows side sides
signed since slave so soa socat sock socket solved some somebody space sqlite ssl stack stage standing
start started starts state status stays stop strict stuck sync synced synchronised syntax system systemctl
systemd t take takes tcp tell tells ten test text than that the their them then there these they this
those three time timed timeout timesyncd title tls tmp to token too transport true try ts tsig type
typeerror u udp unable unauthorized undefined under unexpected unit unix unknown unreachable until update
updates us use user username users usr usual utf valid var verdict verify version view w wait wal wall
warning was way web webhook webserver week well were what when whether which whoever whole whose why with
within without write written wrong x64 xml yes yet you zero zone zones
`
  .trim()
  .split(/\s+/u);

/**
 * Further words that a report may show. They contain dots, so without this list they would count as domain
 * names.
 */
export const dottedWords: readonly string[] = [
  'Node.js',
  'agent.cjs',
  'agent.lock',
  'agent.sock',
  'centrals.md',
  'domainsync.ini',
  'domainsync.log',
  'domainssync.ini',
  'domainsync-agent.service',
  'index.ts',
  'messages.md',
  'operations.md',
  'owners.later',
];
