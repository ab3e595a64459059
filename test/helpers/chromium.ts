import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Whether the browser of `npm run setup:test` is there. */
export const hasChromium = (): boolean => existsSync(executablePath);

export const SKIPPED = 'skipped: run npm run setup:test';

const ARGS = [
  // Everything runs as root in containers, where the sandbox cannot.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath, headless: true, args: ARGS });
