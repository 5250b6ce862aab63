import type { Finding, Verdict } from './checker';
import type { Struck } from './sweep';

export interface Campaign {
  title: string;
  /** Injected faults by kind. */
  faults: ReadonlyMap<string, number>;
  /** One a run. */
  verdicts: readonly Verdict[];
  /** Those of no single run. */
  findings?: readonly Finding[];
  recoveryMs: readonly number[];
  /** Further lines, the seed among them. */
  more?: readonly string[];
}

/** What a campaign came to, in numbers. */
export function figures({ title, faults, verdicts, findings: others = [], recoveryMs, more = [] }: Campaign) {
  const findings = [...others, ...verdicts.flatMap((verdict) => verdict.findings)];
  const lost = findings.filter(({ what }) => what === 'lost').length;
  const broken = findings.filter(({ what }) => what.startsWith('repeated')).length;
  const sum = (of: (verdict: Verdict) => number): number => verdicts.reduce((total, one) => total + of(one), 0);
  return {
    title,
    at: new Date().toISOString(),
    runs: verdicts.length,
    faults: Object.fromEntries(faults),
    injected: [...faults.values()].reduce((total, count) => total + count, 0),
    lost,
    recordedCallsRepeated: broken,
    otherFindings: findings.length - lost - broken,
    repeatedBeforeRecorded: { model: sum((one) => one.repeated.model), tool: sum((one) => one.repeated.tool) },
    outcomeUnknown: sum((one) => one.unknown),
    recovery: percentiles(recoveryMs),
    more,
    findings,
  };
}

/** A campaign in a few lines; the only claim is the one its size allows. */
export function report(campaign: Campaign): string {
  const { title, runs, injected, faults, lost, recordedCallsRepeated, otherFindings, ...rest } = figures(campaign);
  const { repeatedBeforeRecorded: repeated, outcomeUnknown, recovery, findings, more } = rest;
  const kinds = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
  const lines = [
    `runs ${runs}, faults ${injected}: ${kinds.join(', ')}`,
    `lost ${lost}, recorded calls repeated ${recordedCallsRepeated}, other findings ${otherFindings}`,
    `repeated before they were recorded: model ${repeated.model}, tool ${repeated.tool}; outcome-unknown ${outcomeUnknown}`,
    `recovery ${recovery}`,
    ...(findings.length === 0 ? [`no failure in ${injected} faults: a rate below ${rate(injected)} (95 %)`] : []),
    ...more,
  ];
  return [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

export function sweepCampaign(title: string, struck: readonly Struck[]): Campaign {
  const faults = new Map<string, number>();
  for (const { kind } of struck.flatMap(({ hit }) => hit)) faults.set(kind, (faults.get(kind) ?? 0) + 1);
  const missed = struck.flatMap((one) => one.missed.map(({ key }) => key));
  return {
    title,
    faults,
    verdicts: struck.map(({ verdict }) => verdict),
    recoveryMs: struck.flatMap((one) => one.recoveryMs),
    ...(missed.length > 0 && { more: [`not come by: ${missed.join('; ')}`] }),
  };
}

/** With no failure in n trials, only a rate below 3/n may be claimed. */
function rate(trials: number): string {
  return trials === 0 ? '100 %' : `${(300 / trials).toFixed(1)} %`;
}

export function percentiles(values: readonly number[]): string {
  if (values.length === 0) return 'nothing to measure';
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${sorted.at(-1)} ms (${values.length} measured)`;
}

/** Past jest's decoration, which buries a table in stack traces. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
