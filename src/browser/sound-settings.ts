import type { TranscodeSettings } from '../audio/inline-transcoder.ts';

/** As the server's default. The worker plans with it, and the page's thread encodes with it. */
export const SOUND: TranscodeSettings = { lambda: 120 };
