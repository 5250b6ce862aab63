/** One call of the world outside, as the ledger sees it. Resolves when the ledger has answered. */
export async function callLedger(
  url: string,
  kind: 'model' | 'tool' | 'check',
  call: Record<string, unknown>,
  signal: AbortSignal,
): Promise<unknown> {
  const response = await fetch(`${url}/${kind}`, {
    method: 'POST',
    body: JSON.stringify({ ...call, pid: process.pid }),
    signal,
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`the ledger answered ${response.status}`);
  return JSON.parse(answer);
}
