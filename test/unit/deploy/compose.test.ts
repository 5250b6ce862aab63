import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

/** No engine is needed: the file is checked against what the images and our own code read. */
const ROOT = path.join(__dirname, '..', '..', '..');
const text = readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8');

interface Service {
  image?: string;
  build?: string;
  restart?: string;
  depends_on?: Record<string, { condition: string }>;
  environment?: Record<string, unknown>;
  volumes?: string[];
  ports?: string[];
  healthcheck?: { test: unknown[] };
  entrypoint?: string[];
  stop_grace_period?: string;
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

const compose = parse(text, { merge: true, strict: true, uniqueKeys: true }) as Compose;
const services = Object.entries(compose.services);
const service = (name: string): Service => compose.services[name] ?? {};

/** What each program reads, by the name of its image. */
const READS: Record<string, RegExp> = {
  postgres: /^POSTGRES_(USER|PASSWORD|DB)$/,
  // The image's configuration template.
  'temporalio/server':
    /^(DB|DB_PORT|POSTGRES_(SEEDS|USER|PWD)|BIND_ON_IP|NUM_HISTORY_SHARDS|LOG_LEVEL|DYNAMIC_CONFIG_FILE_PATH)$/,
  // Our scripts, and the tools they call.
  'temporalio/admin-tools':
    /^(DB|DB_PORT|POSTGRES_(SEEDS|USER|PWD)|SQL_PASSWORD|TEMPORAL_(ADDRESS|NAMESPACE)|RETENTION)$/,
  'temporalio/ui': /^TEMPORAL_(ADDRESS|DEFAULT_NAMESPACE)$/,
};

test('has the services of the topology and no keys beyond those of a compose file', () => {
  expect(services.map(([name]) => name)).toEqual(['postgresql', 'schema', 'temporal', 'namespace', 'ui', 'worker']);
  const known = ['image', 'build', 'restart', 'depends_on', 'environment', 'volumes', 'ports', 'healthcheck'];
  const allowed = new Set([...known, 'entrypoint', 'command', 'stop_grace_period']);
  expect(services.flatMap(([, given]) => Object.keys(given)).filter((key) => !allowed.has(key))).toEqual([]);
});

test.each(services.filter(([, { image }]) => image))('%s runs a pinned image', (_, { image = '' }) => {
  expect(image).toMatch(/^[a-z/-]+:\d+\.\d+/);
});

test('the images of Temporal are of one version', () => {
  const versions = services.flatMap(
    ([, { image }]) => /temporalio\/(?:server|admin-tools):([\d.]+)/.exec(image ?? '')?.[1] ?? [],
  );
  expect(versions).toHaveLength(3);
  expect(new Set(versions).size).toBe(1);
});

test.each(services)('%s waits only for services that can get that far', (_, { depends_on = {} }) => {
  for (const [name, { condition }] of Object.entries(depends_on)) {
    const needed = service(name);
    expect(needed).not.toEqual({});
    if (condition === 'service_healthy') expect(needed.healthcheck?.test[0]).toBe('CMD');
    else
      expect({ condition, restart: needed.restart }).toEqual({
        condition: 'service_completed_successfully',
        restart: 'no',
      });
  }
});

test.each(services)('%s is told nothing it does not read', (_, { image, environment = {} }) => {
  const reads = READS[image?.split(':')[0] ?? ''];
  const unknown = Object.keys(environment).filter((name) => !(reads ? reads.test(name) : isReadByUs(name)));
  expect(unknown).toEqual([]);
  // YAML would turn an unquoted number or `no` into something else; null passes the caller's own on.
  const odd = Object.entries(environment).filter(([, value]) => value !== null && typeof value !== 'string');
  expect(odd).toEqual([]);
});

test('every variable that is asked of the user is explained', () => {
  const passedOn = services.flatMap(([, { environment = {} }]) =>
    Object.keys(environment).filter((name) => environment[name] === null),
  );
  const defaulted = [...text.matchAll(/\$\{([A-Z_]+):-/g)].map((match) => match[1] ?? '');
  const asked = new Set([...defaulted, ...passedOn]);
  const readme = readFileSync(path.join(ROOT, 'deploy/compose/README.md'), 'utf8');
  const unexplained = [...asked].filter((name) => !readme.includes(`\`${name}\``));
  expect(asked.size).toBeGreaterThan(5);
  expect(unexplained).toEqual([]);
  expect(text).not.toMatch(/\$\{[A-Z_]+\}/);
});

test('what is mounted exists, and named volumes are declared and used', () => {
  const mounts = services.flatMap(([, { volumes = [] }]) => volumes);
  const sources = mounts.map((mount) => mount.replace(/\$\{[A-Z_]+:-([^}]*)\}/, '$1').split(':')[0] ?? '');
  for (const source of sources.filter((name) => name.startsWith('.'))) {
    expect({ source, exists: existsSync(path.join(ROOT, source)) }).toEqual({ source, exists: true });
  }
  expect(sources.filter((name) => !name.startsWith('.')).sort()).toEqual(Object.keys(compose.volumes).sort());
});

test('only loopback is published, and each port once', () => {
  const ports = services.flatMap(([, { ports = [] }]) => ports);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/);
  expect(new Set(ports).size).toBe(ports.length);
});

test('every service that stays is watched and comes back', () => {
  const staying = services.filter(([, { restart }]) => restart !== 'no');
  expect(staying.map(([name]) => name)).toEqual(['postgresql', 'temporal', 'ui', 'worker']);
  for (const [, { restart, healthcheck }] of staying)
    expect([restart, healthcheck?.test[0]]).toEqual(['unless-stopped', 'CMD']);
});

test('the worker has more time to stop than a model call it waits for', () => {
  expect(Number.parseInt(service('worker').stop_grace_period ?? '', 10)).toBeGreaterThan(60);
});

test('the scripts it runs are there', () => {
  for (const [, { entrypoint }] of services) {
    const script = entrypoint?.[1]?.replace('/setup/', 'deploy/compose/');
    if (script) expect(statSync(path.join(ROOT, script)).isFile()).toBe(true);
  }
});

describe('the image of the worker', () => {
  const dockerfile = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8');
  const stages = dockerfile.split(/^(?=FROM )/m).slice(1);

  test('is built in one stage and runs in another, as an ordinary user', () => {
    expect(stages).toHaveLength(2);
    expect(stages[1]).toMatch(/^USER node$/m);
    expect(stages[1]).not.toMatch(/npm (ci|install)/);
    expect(stages.every((stage) => /^FROM node:\d+-bookworm-slim/.test(stage))).toBe(true);
  });

  test('takes only what the package says it ships', () => {
    const { files, bin } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
    const copied = [...(stages[1] ?? '').matchAll(/^COPY .* \/app\/(\S+) /gm)].map((match) => match[1] ?? '');
    expect(
      copied.filter((name) => !['package.json', 'node_modules'].includes(name)).every((name) => files.includes(name)),
    ).toBe(true);
    expect(copied.length).toBeGreaterThan(2);
    expect(dockerfile).toContain(`/app/${bin.holdfast}`);
    expect(service('worker').healthcheck?.test).toContain(`/app/${bin.holdfast}`);
  });

  test('what is left out is not what the build needs', () => {
    const ignored = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8').trim().split('\n');
    const { include } = JSON.parse(readFileSync(path.join(ROOT, 'tsconfig.build.json'), 'utf8'));
    expect([...include, 'scripts', 'package-lock.json'].filter((name: string) => ignored.includes(name))).toEqual([]);
    expect(ignored).toEqual(expect.arrayContaining(['node_modules', '.env', '.holdfast', '.git']));
  });
});

/** Our own variables, Temporal's and the vendors': those that the sources name. */
function isReadByUs(name: string): boolean {
  const readByTemporal = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];
  return readByTemporal.includes(name) || sources().includes(name);
}

let cached: string | undefined;

function sources(): string {
  cached ??= ['workers', 'activities', 'apps'].flatMap((room) => filesIn(path.join(ROOT, room))).join('\n');
  return cached;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'));
}
