import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium, SKIPPED } from '../helpers/chromium.ts';
import { type RunningSluice, startSluice } from '../helpers/sluice.ts';

const title = hasChromium() ? 'the documentation in Chromium' : `the documentation in Chromium (${SKIPPED})`;

describe.skipIf(!hasChromium())(title, { timeout: 60_000 }, () => {
  let browser: Browser;
  let sluice: RunningSluice;
  beforeAll(async () => {
    sluice = await startSluice({ args: ['--public-url', 'http://media.example.org/sluice/'] });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await sluice?.close();
  });

  it.for([
    '/docs',
    '/sluice/docs',
  ])('%s shows every operation, tries one, and asks nobody else', async (path) => {
    const page = await browser.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(sluice.url + path);
    const { paths } = (await (await fetch(`${sluice.url}/openapi.json`)).json()) as { paths: object };
    const count = Object.values(paths).flatMap((item) => Object.keys(item)).length;
    await expect.poll(() => page.locator('.opblock').count(), { timeout: 20_000 }).toBe(count);
    const health = page.locator('#operations-Server-health');
    await health.locator('.opblock-summary-control').click();
    await health.getByRole('button', { name: 'Try it out' }).click();
    await health.getByRole('button', { name: 'Execute' }).click();
    await expect
      .poll(() =>
        health.locator('.live-responses-table td.response-col_status:not(.col_header)').textContent(),
      )
      .toMatch(/200/);
    expect(complaints).toEqual([]);
    const place = sluice.url + path.slice(0, -'docs'.length);
    expect(asked.filter((url) => !url.startsWith(place) && !url.startsWith('data:'))).toEqual([]);
    expect(asked).toContain(`${place}healthz`);
    await page.close();
  });
});
