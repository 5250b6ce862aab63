import { reportError, reportUsage } from '../../../apps/cli/report-error';
import { HoldfastError } from '../../../protocol/failures';
import { captureOutput } from '../../fixtures/sink';

const unknown = new HoldfastError('Agent.Unknown', 'there is no agent "x\u001b[31m"', { hint: 'Known agents: a.' });

test('an error is its code, its message, a hint and a page, on standard error', () => {
  const { out, stdout, stderr } = captureOutput();
  expect(reportError(unknown, out)).toBe(2);
  expect(stdout.text).toBe('');
  expect(stderr.text).toBe(
    'error Agent.Unknown: there is no agent "x\\x1b[31m"\n  Known agents: a.\n  docs/errors/Agent.Unknown.md\n',
  );
});

test('with --json it is one JSON document', () => {
  const { out, stdout, stderr } = captureOutput({ json: true });
  expect(reportError(unknown, out)).toBe(2);
  expect(stdout.text).toBe('');
  expect(JSON.parse(stderr.text)).toEqual({
    error: {
      code: 'Agent.Unknown',
      message: unknown.message,
      hint: 'Known agents: a.',
      docs: 'docs/errors/Agent.Unknown.md',
    },
  });
});

test('anything else is a bug, whose stack is shown when asked for', () => {
  const quiet = captureOutput();
  expect(reportError(new TypeError('boom'), quiet.out)).toBe(1);
  expect(quiet.stderr.text).toMatch(/^error Internal\.Bug: boom\n.*--verbose shows where/);
  expect(quiet.stderr.text).not.toContain('report-error.test');

  const verbose = captureOutput({ verbose: true });
  reportError(new TypeError('boom'), verbose.out);
  expect(verbose.stderr.text).toContain('report-error.test');

  const json = captureOutput({ verbose: true, json: true });
  reportError('just text', json.out);
  expect(JSON.parse(json.stderr.text).error).toMatchObject({ code: 'Internal.Bug', message: 'just text' });
});

test('errors are not silenced by --quiet', () => {
  const { out, stderr } = captureOutput({ quiet: true });
  reportError(unknown, out);
  expect(stderr.text).toContain('Agent.Unknown');
});

test('one that says it all has no hint', () => {
  const { out, stderr } = captureOutput();
  reportError(new HoldfastError('Run.Unknown', 'there is no run "x"'), out);
  expect(stderr.text).toBe('error Run.Unknown: there is no run "x"\n  docs/errors/Run.Unknown.md\n');
  const json = captureOutput({ json: true });
  reportError(new HoldfastError('Run.Unknown', 'there is no run "x"'), json.out);
  expect(JSON.parse(json.stderr.text).error).not.toHaveProperty('hint');
});

test('a mistake on the command line exits with 2', () => {
  const { out, stderr } = captureOutput();
  expect(reportUsage({ message: "unknown command 'rnu'", hint: 'Did you mean run?' }, out)).toBe(2);
  expect(stderr.text).toContain("Input.Invalid: unknown command 'rnu'\n  Did you mean run?\n");
});
