import type { Crossing } from './failpoints';
import type { Struck } from './sweep';

/** A campaign in a few lines; the only claim is the one its size allows. */
export function report(title: string, struck: readonly Struck[], more: string[] = []): string {
  const hits = struck.flatMap(({ hit }) => hit);
  const findings = struck.flatMap(({ verdict }) => verdict.findings);
  const lost = findings.filter(({ what }) => what === 'lost').length;
  const broken = findings.filter(({ what }) => what.startsWith('repeated')).length;
  const sum = (of: (one: Struck) => number): number => struck.reduce((total, one) => total + of(one), 0);
  const recovery = struck.flatMap(({ recoveryMs }) => recoveryMs);
  return [
    title,
    `  runs ${struck.length}, faults ${hits.length} (${byKind(hits)})`,
    `  lost ${lost}, recorded calls repeated ${broken}, other findings ${findings.length - lost - broken}`,
    `  unrecorded calls repeated: model ${sum((one) => one.verdict.repeated.model)}, tool ${sum((one) => one.verdict.repeated.tool)}`,
    `  outcome-unknown ${sum((one) => one.verdict.unknown)}, places not come by ${sum((one) => one.missed.length)}`,
    `  recovery ${percentiles(recovery)}`,
    ...(findings.length === 0 ? [`  0 of ${hits.length}: the rate is below ${rate(hits.length)} (95 %)`] : []),
    ...more.map((line) => `  ${line}`),
  ].join('\n');
}

/** With no failure in n trials, only a rate below 3/n may be claimed. */
export function rate(trials: number): string {
  return trials === 0 ? '100 %' : `${(300 / trials).toFixed(1)} %`;
}

export function percentiles(values: readonly number[]): string {
  if (values.length === 0) return 'nothing to measure';
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${sorted.at(-1)} ms (${values.length})`;
}

function byKind(hits: readonly Crossing[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of hits) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
}

/** Past jest's decoration, which buries a table in stack traces. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
