import path from 'node:path';
import { shellWord } from './context';

/** How this program was called, as the user can type it again. */
export function selfCommand(env: NodeJS.ProcessEnv = process.env, script = process.argv[1] ?? 'holdfast'): string {
  if (env.npm_lifecycle_event === 'npx') return 'npx holdfast';
  if (path.basename(script) === 'holdfast') return 'holdfast';
  return `node ${shellWord(path.relative(process.cwd(), script))}`;
}
