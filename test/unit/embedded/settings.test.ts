import path from 'node:path';
import { settingsFrom } from '../../../workers/embedded/settings';

test('the defaults are the documented ones', () => {
  expect(settingsFrom({ env: {} })).toMatchObject({
    home: path.resolve('.holdfast'),
    port: 7233,
    uiPort: 8233,
    namespace: 'default',
    tuned: true,
    databaseFile: path.resolve('.holdfast', 'temporal.db'),
  });
});

test('the environment moves home and ports, and an option wins over it', () => {
  const env = { HOLDFAST_HOME: '/somewhere', HOLDFAST_TEMPORAL_PORT: '7000', HOLDFAST_TEMPORAL_UI_PORT: '0' };
  expect(settingsFrom({ env })).toMatchObject({ home: '/somewhere', port: 7000, uiPort: 0 });
  expect(settingsFrom({ env, home: '/else', port: 1, uiPort: 2 })).toMatchObject({ home: '/else', port: 1, uiPort: 2 });
  expect(settingsFrom({ env: { HOLDFAST_HOME: '', HOLDFAST_TEMPORAL_PORT: '' } })).toMatchObject({ port: 7233 });
});

test.each(['x', '-1', '65536', '7.5'])('%s is not a port', (text) => {
  expect(() => settingsFrom({ env: { HOLDFAST_TEMPORAL_PORT: text } })).toThrow(
    expect.objectContaining({ code: 'Config.Invalid', message: expect.stringContaining(text) }),
  );
});

test('without an environment the process has one', () => {
  expect(settingsFrom({}).env).toBe(process.env);
  expect(settingsFrom({}).log('to nowhere')).toBeUndefined();
});
