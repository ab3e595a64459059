import type { Channel } from '../../proxy/channel-list.ts';

/** XMLTV with the channels of a list; what is on and when stands in no list. */
export function xmltv(channels: readonly Channel[]): string {
  const entries = channels.map(
    ({ number, name, guideId, logo }) =>
      `  <channel id="${escaped(guideId || number)}">\n    <display-name>${escaped(name)}</display-name>\n    <display-name>${escaped(number)}</display-name>\n${logo === '' ? '' : `    <icon src="${escaped(logo)}"/>\n`}  </channel>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n<tv generator-info-name="Sluice">\n${entries.join('')}</tv>\n`;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
]);

/** XML 1.0, 2.2: control characters cannot be written at all. */
const escaped = (text: string): string =>
  [...text]
    .filter((char) => char >= ' ' || char === '\t')
    .map((char) => ENTITIES.get(char) ?? char)
    .join('');
