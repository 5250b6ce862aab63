const NAMED = /\bfolders?\s+((?:[`"][^`"\n]{1,200}[`"](?:,\s*|,?\s+and\s+)?)+)/i;
const QUOTED = /[`"]([^`"]+)[`"]/g;
const MAX_FOLDERS = 50;

/** Folders a task names in quotes, as in: the folders `docs` and `examples`. Empty where it names none. */
export function foldersIn(task: string): string[] {
  const [, list = ''] = NAMED.exec(task) ?? [];
  const named = [...list.matchAll(QUOTED)].map(([, name = '']) => name.replace(/\/+$/, ''));
  return [...new Set(named.filter((name) => name !== ''))].slice(0, MAX_FOLDERS);
}
