import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { connectOptions } from '../../workers/connect-options';
import { temporaryFolder } from './embedded/temporary-folder';

const folder = temporaryFolder();

/** A TOML file of Temporal's with one profile besides the default one. */
function profiles(): string {
  const file = path.join(folder(), 'temporal.toml');
  const text = [
    '[profile.default]\naddress = "default.example:7233"',
    '[profile.prod]\naddress = "prod.example:7233"\nnamespace = "agents.a1b2"\napi_key = "key of prod"',
    '[profile.prod.grpc_meta]\nteam = "blue"',
  ];
  writeFileSync(file, text.join('\n'));
  return file;
}

test('an environment that names no cluster means the embedded server', () => {
  expect(connectOptions({})).toBeUndefined();
  expect(connectOptions({ TEMPORAL_NAMESPACE: 'team', TEMPORAL_API_KEY: 'key', TEMPORAL_ADDRESS: '' })).toBeUndefined();
});

test('an address alone is plain text and the default namespace; the port may be left out', () => {
  const env = { TEMPORAL_CONFIG_FILE: path.join(folder(), 'none.toml') };
  expect(connectOptions({ ...env, TEMPORAL_ADDRESS: 'host:7000' })).toEqual({
    address: 'host:7000',
    namespace: 'default',
  });
  expect(connectOptions({ ...env, TEMPORAL_ADDRESS: 'host' })?.address).toBe('host:7233');
});

test('an API key means TLS, and empty variables mean nothing', () => {
  const env = { TEMPORAL_ADDRESS: 'cloud:7233', TEMPORAL_NAMESPACE: 'team.acct', TEMPORAL_TLS_CLIENT_CERT_PATH: '' };
  expect(connectOptions({ ...env, TEMPORAL_API_KEY: 'secret' })).toEqual({
    address: 'cloud:7233',
    namespace: 'team.acct',
    apiKey: 'secret',
    tls: true,
  });
});

test('certificates are read from the files that are named', () => {
  const [cert, key, ca] = ['cert', 'key', 'ca'].map((name) => {
    writeFileSync(path.join(folder(), name), `the ${name}`);
    return path.join(folder(), name);
  });
  const options = connectOptions({
    TEMPORAL_ADDRESS: 'host:7233',
    TEMPORAL_TLS_CLIENT_CERT_PATH: cert,
    TEMPORAL_TLS_CLIENT_KEY_PATH: key,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca,
    TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
  });
  expect(options?.tls).toMatchObject({
    serverNameOverride: 'temporal.internal',
    clientCertPair: { crt: Buffer.from('the cert'), key: Buffer.from('the key') },
    serverRootCACertificate: Buffer.from('the ca'),
  });
});

test('a profile is used when it is named, and the environment wins over it', () => {
  const env = { TEMPORAL_CONFIG_FILE: profiles(), TEMPORAL_PROFILE: 'prod' };
  expect(connectOptions(env)).toEqual({
    address: 'prod.example:7233',
    namespace: 'agents.a1b2',
    apiKey: 'key of prod',
    tls: true,
    metadata: { team: 'blue' },
  });
  expect(connectOptions({ ...env, TEMPORAL_NAMESPACE: 'mine' })?.namespace).toBe('mine');
  expect(connectOptions({ TEMPORAL_CONFIG_FILE: env.TEMPORAL_CONFIG_FILE })?.address).toBe('default.example:7233');
});

test.each([
  [{ TEMPORAL_PROFILE: 'none' }, /none/],
  [
    { TEMPORAL_ADDRESS: 'host:1', TEMPORAL_TLS_CLIENT_CERT_PATH: '/no/cert', TEMPORAL_TLS_CLIENT_KEY_PATH: '/no/key' },
    /cert/,
  ],
])('what cannot be read is refused: %j', (env, reason) => {
  expect(() => connectOptions({ TEMPORAL_CONFIG_FILE: profiles(), ...env })).toThrow(
    expect.objectContaining({ code: 'Config.Invalid', message: expect.stringMatching(reason) }),
  );
});

test('without an argument the environment of the process counts', () => {
  process.env.TEMPORAL_ADDRESS = 'from.process:1';
  expect(connectOptions()?.address).toBe('from.process:1');
  delete process.env.TEMPORAL_ADDRESS;
});

test.each([
  '127.0.0.1:99999',
  '127.0.0.1:0',
  'http://host:7233',
  '::1',
  'a b:1',
  'host:',
  'host:x',
  'user@host:1',
  'a\n:1',
])('the address %j is refused', (address) => {
  expect(() => connectOptions({ TEMPORAL_CONFIG_FILE: profiles(), TEMPORAL_ADDRESS: address })).toThrow(
    expect.objectContaining({ code: 'Config.Invalid', hint: expect.stringContaining('host:port') }),
  );
});

test.each(['[::1]:7233', 'temporal.internal:7233', '10.0.0.1:1'])('the address %j is taken', (address) => {
  expect(connectOptions({ TEMPORAL_CONFIG_FILE: profiles(), TEMPORAL_ADDRESS: address })?.address).toBe(address);
});
