/** 3725.4 as 1:02:05. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** 1 234 567 bytes as 1.2 MB; powers of 1000. */
export function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power] ?? 'B'}`;
}

const MARK = /^(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?)$/;

/** Seconds of `90`, `1:30`, `1:02:03.5`; null for what is no time. */
export function secondsOf(text: string): number | null {
  const match = MARK.exec(text.trim());
  if (!match) return null;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
