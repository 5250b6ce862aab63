import { DEADLINE_MS, type Request, type RequestKind } from './requests';
import type { Vitals } from './vitals';

export interface Watched {
  startedAt: number;
  faults: { kind: 'worker' | 'server'; at: number }[];
  samples: { at: number; worker: Vitals | undefined; server: Vitals | undefined; databaseBytes: number }[];
}

/** A request that came this long after a fault still counts as hit by it, in ms. */
const AFTERMATH_MS = 10_000;
const KINDS: RequestKind[] = ['simple', 'steps', 'chat', 'query'];

export interface Setting {
  minutes: number;
  ratePerMinute: number;
  workers: number;
  seed: number;
}

/** What a soak came to. Latencies are from the moment a request came, in ms, the provider's time being next to nothing. */
export function soakFigures(requests: readonly Request[], watched: Watched, setting: Setting) {
  const done = requests.filter(({ ms, wrong }) => ms !== undefined && wrong === undefined);
  const inTime = done.filter(({ kind, ms = 0 }) => ms <= DEADLINE_MS[kind]);
  const hit = ({ at, ms = 0 }: Request) =>
    watched.faults.some((fault) => at + ms >= fault.at && at <= fault.at + AFTERMATH_MS);
  const faults = (kind: string) => watched.faults.filter((fault) => fault.kind === kind).length;
  const latency = KINDS.map((kind) => {
    const mine = done.filter((request) => request.kind === kind);
    const times = (some: Request[]) => some.map(({ ms = 0 }) => ms);
    return { kind, all: spread(times(mine)), undisturbed: spread(times(mine.filter((request) => !hit(request)))) };
  });
  return {
    at: new Date(watched.startedAt).toISOString(),
    setting,
    requests: requests.length,
    faults: { worker: faults('worker'), server: faults('server') },
    lost: requests.length - done.length,
    availability: {
      answeredInTime: share(inTime.length, requests.length),
      takenAtFirstTry: share(requests.filter(({ firstTry }) => firstTry).length, requests.length),
    },
    latency,
    worker: processFigures(watched, 'worker'),
    server: processFigures(watched, 'server'),
    database: growth(watched, requests.length),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : Number((part / whole).toFixed(5));
}

function spread(values: number[]) {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? null };
}

/** Of the first and the last quarter, so that a start counts for nothing. The server is another process after each kill. */
function processFigures({ samples }: Watched, which: 'worker' | 'server') {
  const known = samples.flatMap((sample) => sample[which] ?? []);
  const quarter = Math.max(1, Math.floor(known.length / 4));
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last) return undefined;
  const mb = (some: Vitals[]) => Math.round(some.reduce((sum, { rssBytes }) => sum + rssBytes, 0) / some.length / 1e6);
  // A process that was replaced begins to count again.
  const steps = known.slice(1).map(({ cpuMs }, index) => Math.max(0, cpuMs - (known[index]?.cpuMs ?? cpuMs)));
  const cpuMs = steps.reduce((sum, step) => sum + step, 0);
  return {
    rssEarlyMb: mb(known.slice(quarter, 2 * quarter)),
    rssLateMb: mb(known.slice(-quarter)),
    rssPeakMb: Math.round(Math.max(...known.map(({ rssBytes }) => rssBytes)) / 1e6),
    /** Processor time by wall time: 1 is one core. */
    cores: Number((cpuMs / Math.max(1, last.at - first.at)).toFixed(3)),
  };
}

function growth({ samples }: Watched, requests: number) {
  const [first, last] = [samples[0]?.databaseBytes ?? 0, samples.at(-1)?.databaseBytes ?? 0];
  return {
    firstMb: Number((first / 1e6).toFixed(1)),
    lastMb: Number((last / 1e6).toFixed(1)),
    kbPerRequest: Number(((last - first) / 1e3 / Math.max(1, requests)).toFixed(1)),
  };
}

export function soakReport(told: ReturnType<typeof soakFigures>): string {
  const { setting, faults, availability, worker, server, database } = told;
  const percent = (value: number) => `${(value * 100).toFixed(2)} %`;
  const took = ({ count, p50, p95, p99, max }: ReturnType<typeof spread>) =>
    `p50 ${p50} p95 ${p95} p99 ${p99} max ${max} ms (${count})`;
  const use = (name: string, one: typeof worker) =>
    one
      ? [
          `${name}: memory ${one.rssEarlyMb} MB early, ${one.rssLateMb} MB late, peak ${one.rssPeakMb} MB; ${one.cores} cores`,
        ]
      : [];
  const lines = [
    `${told.requests} requests, ${setting.ratePerMinute} a minute, ${setting.workers} workers, seed ${setting.seed}; killed: worker ${faults.worker}, server ${faults.server}`,
    `lost or wrong ${told.lost}; answered in time ${percent(availability.answeredInTime)}, taken at the first try ${percent(availability.takenAtFirstTry)}`,
    ...told.latency.map(
      ({ kind, all, undisturbed }) => `${kind}: ${took(all)}; without a fault near ${took(undisturbed)}`,
    ),
    ...use('worker that is not killed', worker),
    ...use('server', server),
    `database ${database.firstMb} → ${database.lastMb} MB, ${database.kbPerRequest} kB a request`,
  ];
  return [`soak of ${setting.minutes} minutes`, ...lines.map((line) => `  ${line}`)].join('\n');
}
