/** Tests which addresses a webhook may not lead to, unless the settings allow them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIn, isInside, readNetwork } from './inside.ts';

test('addresses of this machine, of local networks, and in any disguise are inside', () => {
  const inside = [
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '0:0:0:0:0:ffff:c0a8:0101',
    '64:ff9b::10.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '2001:0:1234::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    '2a00::1%lo',
    'fec0::1',
    'ff02::1',
    'localhost',
    '0177.0.0.1',
    '2130706433',
    '',
  ];
  for (const address of inside) assert.equal(isInside(address), true, address);
});

test('public addresses are not', () => {
  const outside = [
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
    '::ffff:1.1.1.1',
    '64:ff9b::1.1.1.1',
  ];
  for (const address of outside) assert.equal(isInside(address), false, address);
});

test('networks are read, and an address is found in them', () => {
  const networks = ['10.1.0.0/16', '192.168.7.9', 'fd00::/8'].map(readNetwork);
  const known = networks.filter((one) => one !== null);
  assert.equal(known.length, 3);
  for (const address of ['10.1.2.3', '192.168.7.9', 'fd12::1', '::ffff:10.1.2.3'])
    assert.equal(isIn(address, known), true, address);
  for (const address of ['10.2.0.1', '192.168.7.8', 'fe80::1', 'fd12::1%eth0', 'name', '127.0.0.1'])
    assert.equal(isIn(address, known), false, address);
  for (const text of ['10.0.0.0/33', 'fd00::/129', 'example.net', '10.1', '', '1.2.3.4/', '[::1]', '::1/-1'])
    assert.equal(readNetwork(text), null, text);
});
