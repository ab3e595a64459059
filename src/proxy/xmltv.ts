import { xmlText } from '../core/xml-text.ts';
import type { Channel } from './channel-list.ts';

/**
 * What lists and guides of ours call channels, in their order: what guides call them, else their number where that is
 * nobody else's. One that is shown later than its guide says has a guide of its own.
 */
export function guideIdsOf(channels: readonly Channel[]): readonly string[] {
  const taken = new Set(channels.map(({ guideId }) => guideId));
  const numbers = new Map<string, number>();
  for (const { guideId, number } of channels)
    if (guideId === '') numbers.set(number, (numbers.get(number) ?? 0) + 1);
  const ownId = (number: string, place: number): string => {
    if (numbers.get(number) === 1 && !taken.has(number)) return number;
    let id = `sluice.${place}`;
    while (taken.has(id) || numbers.has(id)) id += '.';
    return id;
  };
  return channels.map(({ guideId, number, shift }, i) => {
    const id = guideId || ownId(number, i + 1);
    return `${id}${shift === 0 ? '' : `.${shift < 0 ? 'minus' : 'plus'}${Math.abs(shift)}`}`;
  });
}

/** What stands before the programmes of a guide: the channels, each id once. */
export const xmltvHead = (channels: readonly Channel[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n<tv generator-info-name="Sluice">\n${[...byGuideId(channels)].map(([id, same]) => channelElement(id, same)).join('')}`;

export const XMLTV_TAIL = '</tv>\n';

/** Channels of one id: the same in several qualities. */
export function byGuideId(channels: readonly Channel[]): ReadonlyMap<string, readonly Channel[]> {
  const groups = new Map<string, Channel[]>();
  const ids = guideIdsOf(channels);
  for (const [i, channel] of channels.entries()) {
    const id = ids[i] ?? '';
    const group = groups.get(id);
    if (group) group.push(channel);
    else groups.set(id, [channel]);
  }
  return groups;
}

function channelElement(id: string, channels: readonly Channel[]): string {
  const names = new Set(channels.flatMap(({ name, number }) => [name, number]));
  const logo = channels.find((channel) => channel.logo !== '')?.logo;
  const shown = [...names].map((name) => `    <display-name>${xmlText(name)}</display-name>\n`).join('');
  const icon = logo === undefined ? '' : `    <icon src="${xmlText(logo)}"/>\n`;
  return `  <channel id="${xmlText(id)}">\n${shown}${icon}  </channel>\n`;
}
