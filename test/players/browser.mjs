import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from './servers.mjs';

/** hls.js (`hls`) or shaka-player (`shaka`) in a browser, as a player of the matrix. */
export function browserPlayer(browser, kind, servers) {
  const packageName = kind === 'shaka' ? 'shaka-player' : 'hls.js';
  const manifest = join(project, 'node_modules', packageName, 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  const openPage = () => browser.openTab(`${servers.url}/page.html`);
  const call = (tab, name, ...args) =>
    tab.evaluate(`window.matrix.${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
  return {
    name: `${packageName} ${version}, ${browser.name}`,
    /** Pages reach the server under test by their own origin. */
    origin: servers.url,
    async canPlay(codecs) {
      const tab = await openPage();
      const answer = await call(tab, 'canPlay', codecs);
      await tab.close();
      return answer;
    },
    async open(url) {
      const tab = await openPage();
      await call(tab, 'open', kind, url);
      return {
        precision: 0.1,
        status: () => call(tab, 'status'),
        seek: (time) => call(tab, 'seek', time),
        speak: (language) => call(tab, 'speak', language),
        read: (language) => call(tab, 'read', language),
        close: () => tab.close(),
      };
    },
    stop: () => browser.stop(),
  };
}
