/**
 * Data of two records for every type that a customer may have, written as in master files. Host names are
 * absolute.
 */
const digest = '00112233445566778899aabbccddeeff';
const other = 'ff112233445566778899aabbccddeeff';
const key = 'AwEAAcBbp0HiGfZu2mZr1wP0Qb5ZcX2yXq3rK1J0hWmE4pVvB3nYw6M1sU8d7JtK';
const fresh = 'AwEAAcBbp0HiGfZu2mZr1wP0Qb5ZcX2yXq3rK1J0hWmE4pVvB3nYw6M1sU8d7JtL';

export const everyType: Readonly<Record<string, readonly [string, string]>> = {
  A: ['192.0.2.1', '192.0.2.2'],
  AAAA: ['2001:db8::1', '2001:db8::2'],
  AFSDB: ['1 afs.example.net.', '2 afs.example.net.'],
  CAA: ['0 issue "ca.example.net"', '128 issue "ca.example.net; policy=\\"x\\""'],
  CERT: [`1 12345 8 ${key}`, `1 12346 8 ${key}`],
  CNAME: ['one.example.net.', 'two.example.net.'],
  CSYNC: ['66 3 A NS AAAA', '67 3 A NS'],
  DHCID: [key, fresh],
  DNAME: ['one.example.net.', 'two.example.net.'],
  EUI48: ['00-00-5e-00-53-2a', '00-00-5e-00-53-2b'],
  EUI64: ['00-00-5e-ef-10-00-00-2a', '00-00-5e-ef-10-00-00-2b'],
  HINFO: ['"INTEL PC" "LINUX"', '"ARM" "LINUX; 6"'],
  HIP: [
    `2 200100107b1a74df365639cc39f1d578 ${key} rvs.example.net.`,
    `2 200100107b1a74df365639cc39f1d578 ${key}`,
  ],
  HTTPS: ['1 . alpn="h2,h3" port=8443', '1 pool.example.net. ipv4hint=192.0.2.1 ipv6hint=2001:db8::1'],
  IPSECKEY: [`10 1 2 192.0.2.38 ${key}`, `10 3 2 gateway.example.net. ${key}`],
  KX: ['10 kx.example.net.', '20 kx.example.net.'],
  LOC: ['52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m', '42 21 54.000 S 71 6 18.000 W -24m 30m'],
  MX: ['10 mail.example.net.', '20 mail.example.net.'],
  NAPTR: [
    '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.net!" .',
    '100 10 "S" "SIP+D2U" "" _sip._udp.example.net.',
  ],
  NS: ['ns1.example.net.', 'ns2.example.net.'],
  OPENPGPKEY: [key, fresh],
  PTR: ['one.example.net.', 'two.example.net.'],
  RP: ['admin.example.net. about.example.net.', 'admin.example.net. .'],
  SMIMEA: [`3 1 1 ${digest}${digest}`, `3 1 1 ${other}${other}`],
  SPF: ['"v=spf1 -all"', '"v=spf1 mx -all"'],
  SRV: ['1 2 3 host.example.net.', '1 2 4 host.example.net.'],
  SSHFP: [`4 2 ${digest}${digest}`, `4 2 ${other}${other}`],
  SVCB: ['1 svc.example.net. alpn="dot" port=853', '0 svc.example.net.'],
  TLSA: [`3 1 1 ${digest}${digest}`, `3 1 1 ${other}${other}`],
  TXT: ['"one"', '"two; \\"three\\" \\\\ \\195\\164"'],
  URI: ['10 1 "https://www.example.net/path"', '20 1 "https://www.example.net/path?a=b"'],
  TYPE65280: ['\\# 4 00010203', '\\# 3 ffffff'],
};
