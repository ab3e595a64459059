// Firefox as Debian ships it, over WebDriver BiDi: https://www.w3.org/TR/webdriver-bidi/.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'undici';
import { eventually } from './child.mjs';

const PREFERENCES = {
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.normandy.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'media.gmp-manager.updateEnabled': false,
};

/** A sound server with nothing behind it: without a device Firefox lets no AudioContext run. */
async function startSound(folder) {
  const socket = join(folder, 'sound');
  const modules = [
    '-L',
    'module-null-sink',
    '-L',
    `module-native-protocol-unix auth-anonymous=1 socket=${socket}`,
  ];
  const args = [
    '-n',
    '--daemonize=no',
    '--use-pid-file=no',
    '--exit-idle-time=-1',
    '--disallow-exit',
    ...modules,
  ];
  const child = spawn('pulseaudio', args, {
    stdio: 'ignore',
    env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder },
  });
  await eventually('sound server', () => (existsSync(socket) ? socket : null));
  return { child, server: `unix:${socket}` };
}

/** Starts the browser and returns the process and where it listens. */
async function start(profile, sound) {
  const preferences = Object.entries(PREFERENCES).map(([key, value]) => `user_pref("${key}", ${value});\n`);
  writeFileSync(join(profile, 'user.js'), preferences.join(''));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
  const child = spawn(process.env.FIREFOX ?? 'firefox-esr', args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PULSE_SERVER: sound },
  });
  let log = '';
  const url = await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      log += chunk;
      const match = /WebDriver BiDi listening on (ws:\S+)/.exec(log);
      if (match) resolve(match[1]);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Firefox ended with ${code}: ${log}`)));
  });
  return { child, url };
}

/** Commands over the socket, each answered by its id. */
async function connect(url) {
  const socket = new WebSocket(`${url}/session`);
  const pending = new Map();
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data);
    const waiting = pending.get(message.id);
    pending.delete(message.id);
    if (message.type === 'success') waiting?.resolve(message.result);
    else waiting?.reject(new Error(`${message.error}: ${message.message}`));
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error(`No connection to ${url}`)));
  });
  let id = 0;
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      id++;
      pending.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, method, params }));
    });
}

async function evaluate(command, context, expression) {
  const answer = await command('script.evaluate', {
    expression: `Promise.resolve(${expression}).then((value) => JSON.stringify(value ?? null))`,
    target: { context },
    awaitPromise: true,
  });
  if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
  return JSON.parse(answer.result.value);
}

/** A tab for each cell. */
export async function launchFirefox() {
  const profile = mkdtempSync(join(tmpdir(), 'sluice-players-firefox-'));
  const sound = await startSound(profile);
  const { child, url } = await start(profile, sound.server);
  const command = await connect(url);
  const { capabilities } = await command('session.new', { capabilities: {} });
  return {
    name: `Firefox ${capabilities.browserVersion}`,
    async openTab(address) {
      const { context } = await command('browsingContext.create', { type: 'tab' });
      await command('browsingContext.navigate', { context, url: address, wait: 'complete' });
      return {
        evaluate: (expression) => evaluate(command, context, expression),
        close: () => command('browsingContext.close', { context }),
      };
    },
    async stop() {
      child.kill();
      await once(child, 'exit');
      sound.child.kill();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
