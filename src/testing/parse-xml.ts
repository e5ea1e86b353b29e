import { xmlReader, type XmlElement } from '../net/xml.ts';

/** Parses a whole XML document at once. @throws {XmlError} */
export function parseXml(text: string): XmlElement {
  const reader = xmlReader();
  reader.write(text);
  return reader.end();
}
