/** Numbers as people read them. */

export interface Cost {
  costUsd: number;
  /** Some call's price was unknown. */
  costIncomplete: boolean;
  /** Some answer came from the simulated model. */
  simulated: boolean;
}

/** `$0.0042`, `at least $1.20`, `cost unknown`, `$0.00 (simulated)`. */
export function costText({ costUsd, costIncomplete, simulated }: Cost): string {
  if (costIncomplete && costUsd === 0) return 'cost unknown';
  return `${costIncomplete ? 'at least ' : ''}${usd(costUsd)}${simulated ? ' (simulated)' : ''}`;
}

/** Four digits below a cent, where they are all there is. */
export function usd(amount: number): string {
  return `$${amount.toFixed(amount > 0 && amount < 0.1 ? 4 : 2)}`;
}

/** `812`, `1.2k`, `34k`, `1.1M`. */
export function count(amount: number): string {
  if (amount < 1_000) return String(amount);
  if (amount < 999_500) return `${short(amount / 1_000)}k`;
  return `${short(amount / 1_000_000)}M`;
}

/** `1 turn`, `2 turns`. */
export function plural(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** `640 ms`, `8.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(ms / 60_000);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `512 B`, `3.4 kB`, `1.2 MB`. */
export function bytes(amount: number): string {
  if (amount < 1_000) return `${amount} B`;
  if (amount < 999_500) return `${short(amount / 1_000)} kB`;
  return amount < 999_500_000 ? `${short(amount / 1e6)} MB` : `${short(amount / 1e9)} GB`;
}

function short(amount: number): string {
  return amount < 9.95 ? amount.toFixed(1) : String(Math.round(amount));
}
