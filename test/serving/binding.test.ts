import { describe, expect, it } from 'vitest';
import { type Flags, readConfig } from '../../src/config.ts';
import { isThisMachine, requireGuard } from '../../src/serving/binding.ts';

describe('what is bound', () => {
  it.for([
    ['127.0.0.1', true],
    ['127.8.9.10', true],
    ['::1', true],
    ['localhost', true],
    ['LOCALHOST', true],
    ['sluice.localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['192.168.1.5', false],
    ['127.0.0.1.example.org', false],
    ['localhost.example.org', false],
    ['1127.0.0.1', false],
    ['nas.lan', false],
  ] as const)('%s is for this machine alone: %s', ([host, expected]) => {
    expect(isThisMachine(host)).toBe(expected);
  });
});

describe('a server that others reach', () => {
  type Row = readonly [Flags, Readonly<Record<string, string>>, 'starts' | 'is refused'];
  const ROWS: readonly Row[] = [
    [{}, {}, 'starts'],
    [{ host: '0.0.0.0' }, {}, 'is refused'],
    [{}, { HOST: '::' }, 'is refused'],
    [{ host: '192.168.1.5' }, {}, 'is refused'],
    [{ host: 'nas.lan' }, { SLUICE_OPEN: 'no' }, 'is refused'],
    [{ host: '127.0.0.1' }, {}, 'starts'],
    [{ host: '0.0.0.0' }, { API_PASSWORD: 'p' }, 'starts'],
    [{ host: '0.0.0.0' }, { API_PASSWORD: '' }, 'is refused'],
    [{}, { API_PASSWORD: 'p' }, 'starts'],
    [{ open: true, host: '::' }, {}, 'starts'],
    [{}, { SLUICE_OPEN: '1' }, 'starts'],
  ];
  it.for(ROWS)('%j %j: %s', ([flags, env, what]) => {
    const start = () => requireGuard(readConfig(flags, env));
    if (what === 'starts') expect(start).not.toThrow();
    else
      expect(start).toThrow(
        expect.objectContaining({
          code: 'bad-request',
          message: expect.stringMatching(/^Listening at \S+ .*API_PASSWORD.*--open.*SLUICE_OPEN=1\)$/),
        }),
      );
  });
});
