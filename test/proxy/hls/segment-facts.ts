/** What holds for one segment of a media playlist, however its tags are written: an independent reading of RFC 8216, 4.3.2. */
export interface SegmentFacts {
  readonly uri: string;
  readonly duration: number;
  /** URI, vector and format of each key. */
  readonly keys: readonly string[];
  /** With the keys that decrypt it, which must have a vector: a map has no number. */
  readonly map: string;
  readonly bitrate: string;
  /** `offset+size`; the offset is NaN where nobody can know it. */
  readonly range: string;
  /** Milliseconds since 1970; NaN without. */
  readonly date: number;
}

/** As a player that reads line by line. */
export function factsOf(text: string): readonly SegmentFacts[] {
  const value = (line: string): string => line.slice(line.indexOf(':') + 1);
  const lines = text.split('\n');
  let sequence = Number(value(lines.find((line) => line.startsWith('#EXT-X-MEDIA-SEQUENCE:')) ?? ':0'));
  let keys = new Map<string, string>();
  let [map, bitrate, size] = ['', '', ''];
  let [duration, date] = [0, Number.NaN];
  let before = { uri: '', end: Number.NaN };
  const facts: SegmentFacts[] = [];
  for (const line of lines) {
    if (line.startsWith('#EXTINF:')) duration = Number.parseFloat(value(line));
    if (line.startsWith('#EXT-X-BITRATE:')) bitrate = line;
    if (line.startsWith('#EXT-X-BYTERANGE:')) size = value(line);
    if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) date = Date.parse(value(line));
    if (line.startsWith('#EXT-X-KEY:')) {
      const format = /KEYFORMAT="([^"]*)"/.exec(line)?.[1] ?? 'identity';
      if (line.includes('METHOD=NONE')) keys = new Map();
      else keys.set(format, line);
    }
    if (line.startsWith('#EXT-X-MAP:')) map = [line, ...[...keys.values()].sort()].join(' ');
    if (line === '' || line.startsWith('#')) continue;
    const [length = '', offset] = size.split('@');
    const start = offset === undefined ? (before.uri === line ? before.end : Number.NaN) : Number(offset);
    facts.push({
      uri: line,
      duration,
      keys: [...keys].map(([format, key]) => keyOf(format, key, sequence)).sort(),
      map,
      bitrate,
      range: length === '' ? '' : `${start}+${length}`,
      date: Math.round(date),
    });
    before = { uri: line, end: length === '' ? Number.NaN : start + Number(length) };
    date += duration * 1000;
    sequence++;
    size = '';
  }
  return facts;
}

/** RFC 8216, 5.2: the number of the segment is the vector where none is given. */
function keyOf(format: string, line: string, sequence: number): string {
  const vector = /IV=0x([0-9a-f]+)/i.exec(line)?.[1];
  const number = vector === undefined ? BigInt(sequence) : BigInt(`0x${vector}`);
  return `${format} ${/URI="([^"]*)"/.exec(line)?.[1]} ${format === 'identity' ? number : (vector ?? '')}`;
}
