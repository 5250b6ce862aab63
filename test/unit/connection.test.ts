import { toConnectError } from '../../workers/connection';

const cluster = { address: 'host:7233', namespace: 'team' };

test.each([
  [
    'not found',
    { code: 5, details: 'Namespace team is not found.' },
    'Server.NamespaceUnknown',
    /"team".*host:7233/,
    /namespace create .*team/,
  ],
  [
    'denied',
    { code: 7, details: 'Request unauthorized.' },
    'Server.Unreachable',
    /refuses us: Request unauthorized/,
    /TEMPORAL_API_KEY/,
  ],
  [
    'unauthenticated',
    { code: 16, message: 'no token' },
    'Server.Unreachable',
    /refuses us: no token/,
    /TEMPORAL_API_KEY/,
  ],
  [
    'closed port',
    new Error('Connection refused'),
    'Server.Unreachable',
    /host:7233: Connection refused/,
    /TEMPORAL_TLS=true/,
  ],
  ['anything', 'odd', 'Server.Unreachable', /odd/, /TEMPORAL_ADDRESS/],
])('%s', (_, error, code, message, hint) => {
  expect(toConnectError(error, cluster)).toMatchObject({
    code,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
    cause: error,
  });
});

test('with TLS on, the hint asks whether it should be off', () => {
  expect(toConnectError(new Error('x'), { ...cluster, tls: true }).hint).toContain('plain text');
});
