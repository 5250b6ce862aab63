/** What `.ci/run` needs to know of jest's reports: which suites failed, and the counts of its last line. */
import { existsSync, readFileSync } from 'node:fs';

const [task, ...files] = process.argv.slice(2);
const read = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);

if (task === 'failed') {
  const failed = (read(files[0])?.testResults ?? []).filter(({ status }) => status === 'failed');
  for (const { name } of failed) console.log(name);
} else {
  const [first, again, checks, exitCode] = files;
  const runs = { first: read(first), again: read(again) };
  const last = runs.again ?? runs.first;
  const [, ok = 0, bad = 0] = /checks: (\d+) passed, (\d+) failed/.exec(readFileSync(checks, 'utf8')) ?? [];
  // The second run holds only suites that had failed; of the first, those that had not.
  const passedFirst = (runs.first?.testResults ?? [])
    .filter(({ status }) => runs.again === undefined || status !== 'failed')
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'passed').length;
  const passed = passedFirst + (runs.again?.numPassedTests ?? 0) + Number(ok);
  const failed = (last?.numFailedTests ?? 0) + (last?.numRuntimeErrorTestSuites ?? 0) + Number(bad);
  // Something that is no test failed the run, such as the set-up.
  const unseen = exitCode !== '0' && failed === 0 ? 1 : 0;
  console.log(`${passed} passed, ${failed + unseen} failed`);
}
