/** What `.ci/run` needs to know of jest's reports: which suites failed, and the counts of its last line. */
import { existsSync, readFileSync } from 'node:fs';

const [task, ...given] = process.argv.slice(2);
const read = (file) => (existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8'))] : []);
const suitesOf = (reports) => reports.flatMap(({ testResults }) => testResults);
const testsOf = (suites, wanted) =>
  suites.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === wanted).length;

if (task === 'failed') {
  // failed REPORT…
  const failed = suitesOf(given.flatMap(read)).filter(({ status }) => status === 'failed');
  for (const { name } of failed) console.log(name);
} else {
  // counts EXIT-CODE CHECKS AGAIN REPORT…
  const [exitCode, checks, againFile, ...files] = given;
  const first = suitesOf(files.flatMap(read));
  const again = read(againFile);
  const [, ok = 0, bad = 0] = /checks: (\d+) passed, (\d+) failed/.exec(readFileSync(checks, 'utf8')) ?? [];
  // The second run holds only suites that had failed; of the first, those that had not.
  const counted = again.length > 0 ? [...first.filter(({ status }) => status !== 'failed'), ...suitesOf(again)] : first;
  // A suite that could not even be loaded has no tests that failed.
  const broken = counted.filter(
    ({ status, assertionResults }) => status === 'failed' && testsOf([{ assertionResults }], 'failed') === 0,
  );
  const passed = testsOf(counted, 'passed') + Number(ok);
  const failed = testsOf(counted, 'failed') + broken.length + Number(bad);
  // Something that is no test failed the run, such as the set-up.
  const unseen = exitCode !== '0' && failed === 0 ? 1 : 0;
  console.log(`${passed} passed, ${failed + unseen} failed`);
}
