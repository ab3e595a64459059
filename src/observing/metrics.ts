import type { Counter, Histogram, Registry } from 'prom-client';

/** One request that is over. */
export interface RequestSample {
  /** Pattern of its route: there are as many as the server has routes. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
  /** Sent with headers; null where nobody counted. */
  readonly bytes: number | null;
  /** Code of the error that was answered. */
  readonly refusal: string | null;
}

export interface RequestMetrics {
  began(): void;
  ended(sample: RequestSample): void;
  /** In the text format of Prometheus. */
  text(): Promise<{ readonly body: string; readonly type: string }>;
}

/** Requests that are remembered before the library that counts them is loaded, which takes longer than a request. */
const MAX_WAITING = 1000;
/** From a playlist that is at hand to a film that is watched. */
const BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600];
/** Others count as one: who asks may write anything there. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']);

/** Counts requests; its library is loaded when somebody asks, or when there is much to count. */
export function createRequestMetrics(): RequestMetrics {
  let active = 0;
  let waiting: RequestSample[] = [];
  let loading: Promise<Meters> | undefined;
  let meters: Meters | null = null;
  const load = async (): Promise<Meters> => {
    loading ??= openMeters(() => active);
    meters = await loading;
    for (const sample of waiting) count(meters, sample);
    waiting = [];
    return meters;
  };
  return {
    began() {
      active++;
    },
    ended(sample) {
      active--;
      if (meters) count(meters, sample);
      else waiting.push(sample);
      // A library that cannot be loaded is told of by `text`; until then the last requests are enough.
      if (waiting.length >= MAX_WAITING) load().catch(() => waiting.splice(0, MAX_WAITING / 2));
    },
    async text() {
      const { registry } = await load();
      return { body: await registry.metrics(), type: registry.contentType };
    },
  };
}

interface Meters {
  readonly registry: Registry;
  readonly requests: Counter<'route' | 'method' | 'status'>;
  readonly seconds: Histogram<'route'>;
  readonly bytes: Counter;
  readonly refused: Counter<'code'>;
}

async function openMeters(active: () => number): Promise<Meters> {
  const { default: prom } = await import('prom-client');
  const registry = new prom.Registry();
  const registers = [registry];
  prom.collectDefaultMetrics({ register: registry });
  new prom.Gauge({
    name: 'sluice_active_requests',
    help: 'Requests whose answer is not out yet',
    registers,
    collect() {
      this.set(active());
    },
  });
  return {
    registry,
    requests: new prom.Counter({
      name: 'sluice_requests_total',
      help: 'Requests that are over; status 499: the client left before there was one',
      labelNames: ['route', 'method', 'status'],
      registers,
    }),
    seconds: new prom.Histogram({
      name: 'sluice_request_seconds',
      help: 'From the request to the last byte of its answer',
      labelNames: ['route'],
      buckets: BUCKETS,
      registers,
    }),
    bytes: new prom.Counter({
      name: 'sluice_bytes_sent_total',
      help: 'Bytes of answers that are over, with their headers',
      registers,
    }),
    refused: new prom.Counter({
      name: 'sluice_refused_total',
      help: 'Errors that were answered, by their code',
      labelNames: ['code'],
      registers,
    }),
  };
}

function count({ requests, seconds, bytes, refused }: Meters, sample: RequestSample): void {
  const { route, status, refusal } = sample;
  const method = METHODS.has(sample.method) ? sample.method : 'other';
  requests.inc({ route, method, status: String(status) });
  seconds.observe({ route }, sample.seconds);
  bytes.inc(sample.bytes ?? 0);
  if (refusal !== null) refused.inc({ code: refusal });
}
