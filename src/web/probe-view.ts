/** What `/probe` says, as far as the page shows it. */
export interface ProbeAnswer {
  readonly container: string;
  readonly duration: number;
  readonly segments: number;
  readonly index: { readonly kind: string };
  readonly tracks: readonly ProbeTrack[];
  readonly renditions: readonly ProbeRendition[];
  readonly encoding: ProbeEncoding | null;
  /** Why there is no sound; null when there is some. */
  readonly silent: string | null;
  readonly warnings: readonly string[];
}

export interface ProbeRendition {
  readonly name: string;
  readonly kind: 'video' | 'audio';
  readonly codec: string;
  readonly width?: number;
  readonly height?: number;
  /** What makes it; null for a copy. */
  readonly encoder?: string | null;
}

/** Whether video is encoded, and why or why not. */
export interface ProbeEncoding {
  /** Some player cannot do with the copy. */
  readonly needed: boolean;
  readonly why: string | null;
  readonly offered: boolean;
  readonly encoders: 'here' | 'absent' | 'unasked';
}

export interface ProbeTrack {
  readonly index: number;
  readonly kind: 'video' | 'audio' | 'subtitle' | 'other';
  readonly codec: string | null;
  /** Codecs of all forms it is offered in. */
  readonly forms: readonly string[];
  readonly sourceCodec: string;
  readonly language: string;
  readonly name: string | null;
  readonly default: boolean;
  readonly action: 'copy' | 'transcode' | 'omit';
  readonly reason: string | null;
  /** Of video: what people call the codec. */
  readonly codecName?: string;
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number | null;
  readonly channels?: number;
  readonly sampleRate?: number;
}

const KINDS = { video: 'Video', audio: 'Audio', subtitle: 'Subtitles', other: 'Other' } as const;
const ACTIONS = { copy: 'copied', transcode: 'transcoded', omit: 'left out' } as const;
const LAYOUTS: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' };

const languages = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' });

/** `de` as German; nothing for what is not known. */
export function languageName(code: string): string {
  if (code === 'und' || code === '') return '';
  try {
    return languages.of(code) ?? code;
  } catch {
    return code;
  }
}

/** 3725.4 as 1:02:05. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export const summary = ({ container, duration, segments, index }: ProbeAnswer): string =>
  [
    container === 'matroska' ? 'Matroska' : container,
    clock(duration),
    `${segments} ${segments === 1 ? 'segment' : 'segments'}`,
    index.kind,
  ].join(' · ');

function details(track: ProbeTrack): string {
  const { width, height, frameRate, channels, sampleRate } = track;
  return [
    width && height ? `${width}×${height}` : '',
    frameRate ? `${Number(frameRate.toFixed(3))} fps` : '',
    channels ? (LAYOUTS[channels] ?? `${channels} channels`) : '',
    sampleRate ? `${sampleRate / 1000} kHz` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');
}

const cell = (label: string, ...content: (Node | string)[]): HTMLTableCellElement => {
  const td = document.createElement('td');
  td.dataset.label = label;
  td.append(...content.filter((part) => part !== ''));
  return td;
};

const withClass = (tag: 'span' | 'small', className: string, text: string): HTMLElement => {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
};

/** One row of the table of tracks. */
export function trackRow(track: ProbeTrack): HTMLTableRowElement {
  const named = [languageName(track.language), track.name ?? '', track.default ? 'default' : ''];
  const source = track.codec && track.codec !== track.sourceCodec ? track.sourceCodec : '';
  // One element a column, so that the narrow layout's grid puts label and content side by side.
  const both = (first: Node | string, second: string): HTMLElement => {
    const span = document.createElement('span');
    span.append(first);
    if (second !== '') span.append(' ', withClass('small', '', second));
    return span;
  };
  const row = document.createElement('tr');
  row.append(
    cell('Track', `${track.index} ${KINDS[track.kind]}`),
    cell('Codec', both(track.codec ?? track.sourceCodec, source)),
    cell('Details', details(track)),
    cell('Language', named.filter((text) => text !== '').join(', ')),
    cell(
      'Handling',
      both(withClass('span', `tag ${track.action}`, ACTIONS[track.action]), track.reason ?? ''),
    ),
  );
  return row;
}

/** Why there is sound and no picture though the file has one; null where that is not so. */
export function whyNoPicture({ tracks }: ProbeAnswer): string | null {
  const videos = tracks.filter(({ kind, reason }) => kind === 'video' && reason !== 'attached picture');
  const [first] = videos;
  if (!first || videos.some(({ action }) => action !== 'omit')) return null;
  return `Video track ${first.index}: ${first.reason}`;
}
