import type { Command } from 'commander';
import { interruptible } from './interruption.ts';
import { collect, FILE_OR_URL, prose, type Report } from './options.ts';

const SETTINGS = `
Environment: PORT, HOST, API_PASSWORD, SLUICE_OPEN, SLUICE_SECRET, SLUICE_STATE, SLUICE_ALLOW, SLUICE_ALLOW_PRIVATE,
  SLUICE_ALLOW_ONLY, SLUICE_DENY, SLUICE_UPSTREAMS, SLUICE_USER_AGENT, SLUICE_CHANNELS, SLUICE_LIST,
  SLUICE_TRUSTED_PROXIES, SLUICE_TLS_CERT, SLUICE_TLS_KEY, SLUICE_RATE, SLUICE_CLIENT_UPSTREAMS, DISABLE_DOCS,
  SLUICE_PROXY_MB, SLUICE_PROXY_AHEAD, SLUICE_COMPAT_TOKENS, SLUICE_IP_SERVICES,
  SLUICE_ROOTS, SLUICE_PUBLIC_URL, SLUICE_CACHE_MB, SLUICE_AAC_QUALITY, SLUICE_AUDIO_THREADS, SLUICE_FFMPEG,
  SLUICE_ENCODERS, SLUICE_VIDEO_RUNS, SLUICE_VIDEO_HEIGHT, SLUICE_LADDER,
  SLUICE_UPLOADS, SLUICE_UPLOADS_MB, SLUICE_UPLOADS_HOURS, SLUICE_UPLOAD_MB, SLUICE_SHARED_CACHE,
  SLUICE_SHARED_CACHE_MB, SLUICE_SHARED_COPIES, SLUICE_LOG

Examples:
  sluice serve                            what is named by its URL
  sluice serve ~/Films /mnt/nas/Series    what lies in folders too: the page lists them
  sluice serve ~/Films --open             the same for phones and TVs, and for all who reach this machine
  sluice serve --allow 192.168.1.5:8096   media of a server in this network too`;

/** `sluice serve [DIR…]` */
export function addServe(program: Command): void {
  program
    .command('serve')
    .summary('serve the player page, HLS and folders')
    .description(
      prose(`Serves the player page at / and HLS at /hls/master.m3u8?d=<URL of a media file>; sends what is posted to
/remux back as MP4. Of folders that are given the page lists what is in them.`),
    )
    .argument('[DIR...]', 'folders whose files are listed and served, as d=root:NAME/path')
    .option('--open', 'let in everybody who reaches this machine, without API_PASSWORD')
    .option('--browser', 'open the page in the browser')
    .option('--port <N>', 'listen there (default: 8080, or the next free one up to 8099)')
    .option(
      '--host <ADDRESS>',
      'interface to listen on (default: all, with API_PASSWORD or --open; else 127.0.0.1)',
    )
    .option('--public-url <URL>', 'address under which others reach this server, with its path if any')
    .option(
      '--trust-proxy <ADDRESS>',
      'believe X-Forwarded-For and the like of this address or network, or * for all; repeatable',
      collect,
    )
    .option('--tls-cert <FILE>', 'serve https with this certificate (PEM); SIGHUP reads it again')
    .option('--tls-key <FILE>', 'its key')
    .option('--allow <TARGET>', 'let requests go to a private address, network or host; repeatable', collect)
    .option('--allow-private', 'let requests go to any private address')
    .option(
      '--deny <TARGET>',
      'let no request go to an address, network, host or port, public or not; repeatable',
      collect,
    )
    .option('--upstreams <FILE>', 'routes of requests by JSON: proxies, headers, limits')
    .option('--channels <FILE>', 'an M3U list of channels, offered to media servers below /tuner/')
    .option('--guide <URL|FILE>', 'a programme guide of them: XMLTV, or gzip of it; repeatable', collect)
    .option('--list <FILE>', "films by their URLs, or an M3U list, offered in Stremio's addon")
    .option('--no-compat-tokens', "do not make or read mediaflow-proxy's encrypted addresses")
    .option(
      '--root <NAME=FOLDER>',
      'serve a folder as d=root:NAME/path without listing it; repeatable',
      collect,
    )
    .option(
      '--uploads <FOLDER>',
      'keep what is posted to /uploads there for a day, to be played as d=upload:ID',
    )
    .option('--state <FOLDER>', 'where the secret of this installation is kept')
    .addHelpText('after', SETTINGS)
    .action(async (folders, flags) => (await import('./serve.ts')).serve(folders, flags));
}

/** `sluice play <file|url>` */
export function addPlay(program: Command): void {
  program
    .command('play')
    .summary('open a file or a URL in the browser')
    .description(
      'Serves one title for this machine alone and opens its page in the browser. Ends with Ctrl-C.',
    )
    .argument('<FILE|URL>', FILE_OR_URL)
    .option('--header <NAME=VALUE>', 'send it with requests for the URL; repeatable', collect)
    .option('--no-open', 'only say the address')
    .option('--port <N>', 'listen there (default: any free port)')
    .option('--host <ADDRESS>', 'interface to listen on (default: 127.0.0.1)')
    .addHelpText(
      'after',
      '\nExamples:\n  sluice play film.mkv\n  sluice play https://example.org/film.mkv --header Referer=https://example.org/',
    )
    .action(async (target, flags) => (await import('./play.ts')).play(target, flags));
}

/** `sluice doctor` */
export function addDoctor(program: Command, report: Report): void {
  program
    .command('doctor')
    .summary('tell which encoders of video work here, and how fast')
    .description(
      prose(`Tries every encoder of video that FFmpeg has and this machine may have, hardware and software: a few pictures are
encoded and read back. Tells what works, how fast, and why the others do not. Takes a minute.`),
    )
    .option('--json', 'as JSON')
    .option('--commands', 'show all command lines that were tried, not only those that failed')
    .addHelpText(
      'after',
      `\nEnvironment: SLUICE_FFMPEG, SLUICE_ENCODERS\n\nExamples:\n  sluice doctor\n  SLUICE_ENCODERS=vaapi,software sluice doctor --json | jq '.encoders[] | select(.result == "ok") | .name'`,
    )
    .action(async (flags) => {
      const { doctor } = await import('./doctor.ts');
      report(await interruptible((signal) => doctor(flags, signal)));
    });
}
