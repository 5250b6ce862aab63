import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { docsPathOf, FAILURE, type FailureCode } from '../../protocol/failures';

const root = path.resolve(__dirname, '..', '..');
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(root, file)));

describe('error codes and their pages', () => {
  const codes = Object.keys(FAILURE) as FailureCode[];

  test.each(codes)('%s has a page that says what it means, what happens and what to do', (code) => {
    const page = readFileSync(path.join(root, docsPathOf(code)), 'utf8');
    expect(page.split('\n')[0]).toBe(`# ${code}`);
    expect(page.length).toBeGreaterThan(150);
  });

  test('every page belongs to a code', () => {
    const pages = readdirSync(path.join(root, 'docs', 'errors')).map((file) => file.replace(/\.md$/, ''));
    expect(pages.filter((page) => page !== 'README' && !codes.includes(page as FailureCode))).toEqual([]);
  });

  test('every code is used', () => {
    const sources = tracked.filter((file) =>
      /^(protocol|workflows|activities|workers|client|apps|testing)\/.*\.ts$/.test(file),
    );
    const text = sources
      .filter((file) => file !== 'protocol/failures.ts')
      .map((file) => readFileSync(path.join(root, file), 'utf8'));
    expect(codes.filter((code) => !text.some((source) => source.includes(`'${code}'`)))).toEqual([]);
  });
});

describe('documents', () => {
  const pages = tracked.filter((file) => file.endsWith('.md') && !file.startsWith('.changeset'));

  test.each(pages)('%s links only to what exists', (page) => {
    const text = readFileSync(path.join(root, page), 'utf8').replace(/```[\s\S]*?```/g, '');
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, target]) => target as string);
    const missing = links.filter((target) => !existsSync(path.resolve(root, path.dirname(page), target)));
    expect(missing).toEqual([]);
  });
});
