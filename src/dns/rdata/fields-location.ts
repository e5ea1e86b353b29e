import { addProblem, fixedSize, throwDamaged, type FieldKind } from './fields.ts';

/**
 * In LOC, this number means the equator or the prime meridian. Angles are given as the distance from it, in
 * thousandths of an arc second.
 */
const middle = 2 ** 31;

/**
 * In LOC, this number means the height of the reference spheroid. Altitudes are given in centimetres above a
 * point 100 kilometres below the spheroid.
 */
const altitudeZero = 10_000_000;

/**
 * All data of a LOC record (RFC 1876): `51 30 12.748 N 0 7 39.611 W 0.00m 1.00m 10000.00m 10.00m`. Minutes,
 * seconds, the letter m and everything after the altitude are optional; canonical text has all of them. Of a
 * size, only the first digit and the power of ten are kept (section 2).
 */
export const location: FieldKind = {
  least: 5,
  most: Infinity,
  parse: (words, context) => {
    const texts = words.map((word) => word.text);
    const octets = words.some((word) => word.quoted) ? null : locationOctets(texts);
    return octets === null
      ? addProblem(context, 'rdata.bad-location', texts.join(' '))
      : locationText(octets);
  },
  encode: (canonical) => locationOctets(canonical.split(' ')) ?? throwDamaged('location'),
  decode: fixedSize(16, locationText),
};

function locationOctets(words: readonly string[]): Buffer | null {
  const rest = [...words];
  const latitude = takeAngle(rest, 90, 'N', 'S');
  const longitude = takeAngle(rest, 180, 'E', 'W');
  if (latitude === null || longitude === null || rest.length < 1 || rest.length > 4) return null;
  const [altitude = '', size = '1m', horizontal = '10000m', vertical = '10m'] = rest;
  const height = centimetres(altitude, -altitudeZero, 4_284_967_295);
  const sizes = [size, horizontal, vertical].map((text) => centimetres(text, 0, 9_000_000_000));
  if (height === null || sizes.includes(null)) return null;
  const octets = Buffer.alloc(16);
  octets.set(
    sizes.map((value) => precision(value ?? 0)),
    1,
  );
  octets.writeUInt32BE(middle + latitude, 4);
  octets.writeUInt32BE(middle + longitude, 8);
  octets.writeUInt32BE(height + altitudeZero, 12);
  return octets;
}

/**
 * Removes degrees, minutes, seconds and direction from the front of the words, and converts them to one
 * number.
 * @returns thousandths of an arc second, negative for the direction `negative`; null: the words are not an
 *   angle
 */
function takeAngle(words: string[], most: number, positive: string, negative: string): number | null {
  const end = words.slice(0, 4).findIndex((word) => [positive, negative].includes(word));
  if (end < 1) return null;
  const [degrees = '', minutes = '0', seconds = '0'] = words.slice(0, end);
  const sign = words[end] === positive ? 1 : -1;
  words.splice(0, end + 1);
  const sound =
    /^\d{1,3}$/.test(degrees) && /^\d{1,2}$/.test(minutes) && /^\d{1,2}(?:\.\d{1,3})?$/.test(seconds);
  if (!sound || Number(minutes) > 59 || Number(seconds) >= 60) return null;
  const total = Number(degrees) * 3_600_000 + Number(minutes) * 60_000 + Math.round(Number(seconds) * 1_000);
  return total > most * 3_600_000 ? null : sign * total;
}

function centimetres(text: string, least: number, most: number): number | null {
  if (!/^-?\d{1,8}(?:\.\d{1,2})?m?$/iu.test(text)) return null;
  const value = Math.round(Number.parseFloat(text) * 100);
  return value < least || value > most ? null : value;
}

/**
 * Encodes a size in centimetres as one octet: the first digit in the high four bits, the power of ten in the
 * low four bits.
 */
function precision(value: number): number {
  const digits = String(value);
  return value === 0 ? 0 : (Number(digits.charAt(0)) << 4) | (digits.length - 1);
}

function locationText(octets: Buffer): string {
  if (octets[0] !== 0) throwDamaged('location');
  const sizes = [1, 2, 3].map((at) => {
    const octet = octets[at] ?? 0;
    const [digit, power] = [octet >> 4, octet & 15];
    if (digit > 9 || power > 9 || (digit === 0 && power > 0)) throwDamaged('location');
    return metres(digit * 10 ** power);
  });
  return [
    angleText(octets.readUInt32BE(4), 90, 'N', 'S'),
    angleText(octets.readUInt32BE(8), 180, 'E', 'W'),
    metres(octets.readUInt32BE(12) - altitudeZero),
    ...sizes,
  ].join(' ');
}

function angleText(value: number, most: number, positive: string, negative: string): string {
  const total = Math.abs(value - middle);
  if (total > most * 3_600_000) throwDamaged('location');
  const seconds = ((total % 60_000) / 1_000).toFixed(3);
  return `${Math.floor(total / 3_600_000)} ${Math.floor(total / 60_000) % 60} ${seconds} ${value < middle ? negative : positive}`;
}

function metres(value: number): string {
  return `${(value / 100).toFixed(2)}m`;
}
