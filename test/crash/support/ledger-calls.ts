/** One call of the world outside, as the ledger sees it. Resolves when the ledger has answered. */
export async function callLedger(
  url: string,
  kind: 'model' | 'tool',
  call: Record<string, unknown>,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(`${url}/${kind}`, {
    method: 'POST',
    body: JSON.stringify({ ...call, pid: process.pid }),
    signal,
  });
  await response.text();
  if (!response.ok) throw new Error(`the ledger answered ${response.status}`);
}
