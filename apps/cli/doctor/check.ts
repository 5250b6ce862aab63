/** One thing that was looked at. */
export interface Check {
  name: string;
  status: 'ok' | 'warn' | 'fail';
  /** What was found. */
  found: string;
  /** The command that mends it. */
  fix?: string;
}

export function ok(name: string, found: string): Check {
  return { name, status: 'ok', found };
}

export function warn(name: string, found: string, fix: string): Check {
  return { name, status: 'warn', found, fix };
}

export function fail(name: string, found: string, fix: string): Check {
  return { name, status: 'fail', found, fix };
}
