import { captureOutput } from '../../fixtures/sink';

test('data goes to stdout, everything else to stderr', () => {
  const { out, stdout, stderr } = captureOutput();
  out.data({ a: 1 }, () => 'a is 1');
  out.say('working');
  expect([stdout.text, stderr.text]).toEqual(['a is 1\n', 'working\n']);
});

test('with --json data is a document, and lines are compact', () => {
  const { out, stdout } = captureOutput({ json: true });
  out.data({ a: 1 }, () => 'never');
  expect(stdout.text).toBe('{\n  "a": 1\n}\n');
  out.jsonLine({ b: '\u202e' });
  expect(stdout.text.split('\n').at(-2)).toBe('{"b":"\\u202e"}');
});

test('--quiet silences what is said, not the data; phases are told with --verbose only', () => {
  const quiet = captureOutput({ quiet: true });
  quiet.out.say('working');
  quiet.out.phase('started');
  quiet.out.data(1, () => 'one');
  expect([quiet.stdout.text, quiet.stderr.text]).toEqual(['one\n', '']);
  const verbose = captureOutput({ verbose: true });
  verbose.out.phase('started');
  expect(verbose.stderr.text).toMatch(/^\[\d+ ms\] started\n$/);
});

test('colour is for terminals that want it', () => {
  expect(captureOutput({}, true).out.note.red('x')).toBe('\u001b[31mx\u001b[39m');
  expect(captureOutput({}, false).out.note.red('x')).toBe('x');
  expect(captureOutput({ env: { NO_COLOR: '1' } }, true).out.note.red('x')).toBe('x');
  expect(captureOutput({ env: { TERM: 'dumb' } }, true).out.style.bold('x')).toBe('x');
});

test('a line is redrawn in place on a terminal only, and not in CI', () => {
  expect(captureOutput({}, true).out.live).toBe(true);
  expect(captureOutput({}, false).out.live).toBe(false);
  expect(captureOutput({ env: { CI: 'true' } }, true).out.live).toBe(false);
  expect(captureOutput({ quiet: true }, true).out.live).toBe(false);
});

test('a status line makes room before anything is written', () => {
  const { out, stderr, stdout } = captureOutput();
  out.beforeNote = () => stderr.write('<room>');
  out.say('note');
  out.data(1, () => 'data');
  expect(stderr.text).toBe('<room>note\n<room>');
  expect(stdout.text).toBe('data\n');
});
