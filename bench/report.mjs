import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';

const DOCS = fileURLToPath(new URL('../docs/', import.meta.url));
const START = '<!-- bench:start -->';
const END = '<!-- bench:end -->';

/** Under which conditions the rows were measured. */
export async function conditionsOf(stand, { quick, seconds }) {
  const conditions = {
    date: new Date().toISOString().slice(0, 10),
    cpus: os.availableParallelism(),
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    platform: `${os.platform()} ${os.arch()}`,
    node: process.version,
    temporalServer: await serverVersion(stand),
    temporalSdk: versionOf('@temporalio/client'),
    openaiAgents: versionOf('@temporalio/openai-agents'),
    load: Number(os.loadavg()[1].toFixed(1)),
    seconds: Math.round(seconds),
    quick,
  };
  const { cpus, cpu, platform, node, temporalServer, temporalSdk, openaiAgents, date } = conditions;
  const text =
    `${date}: ${cpus} CPUs (${cpu}), ${platform}, Node ${node}, Temporal server ${temporalServer}, SDK ${temporalSdk}, ` +
    `@temporalio/openai-agents ${openaiAgents}, ${conditions.seconds} s in all, load average at the end ${conditions.load}.`;
  return { ...conditions, text };
}

async function serverVersion(stand) {
  const { address } = await stand.server('tuned');
  const connection = await Connection.connect({ address });
  try {
    return (await connection.workflowService.getSystemInfo({})).serverVersion;
  } finally {
    await connection.close();
  }
}

function versionOf(name) {
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

export function printRow(row) {
  console.log(`  ${row.what}: ${cell(row, row.measured)} ${verdict(row)} (${row.detail})`);
}

/** `aim`, `must` or `missed`; empty for rows without a bar. */
function verdict({ must, aim, measured, better }) {
  if (must === undefined) return '';
  const reaches = (bar) => (better === 'higher' ? measured >= bar : measured <= bar);
  if (reaches(aim)) return '**aim**';
  return reaches(must) ? 'must' : '**missed**';
}

/** A number in the unit of its row; small ratios read better as fractions. */
function cell({ unit }, value) {
  if (value === undefined) return '';
  if (unit !== 'x') return `${value.toFixed(unit === 's' ? 1 : 0)} ${unit}`;
  return value < 0.2 ? `1/${(1 / value).toFixed(value < 0.05 ? 0 : 1)}` : `${value.toFixed(2)}×`;
}

function bar(row, value) {
  if (value === undefined) return 'none';
  return `${row.better === 'higher' ? '≥' : '≤'} ${cell(row, value)}`;
}

function tableOf(rows, { text }) {
  const lines = rows.map((row) => {
    const spread = row.spread.map((value) => cell(row, value)).join(' … ');
    return `| ${row.what} | ${bar(row, row.must)} | ${bar(row, row.aim)} | ${cell(row, row.measured)} | ${spread} | ${verdict(row)} | ${row.detail} |`;
  });
  return [
    '| What | Must | Aim | Measured | Spread | Reached | Values |',
    '|---|---|---|---|---|---|---|',
    ...lines,
    '',
    text,
  ].join('\n');
}

export async function writeReport(rows, conditions) {
  writeFileSync(`${DOCS}performance.json`, `${JSON.stringify({ conditions, rows }, null, 2)}\n`);
  const page = `${DOCS}performance.md`;
  const before = existsSync(page) ? readFileSync(page, 'utf8') : `# Performance\n\n${START}\n${END}\n`;
  const [head, rest] = before.split(START);
  const tail = rest.slice(rest.indexOf(END));
  writeFileSync(page, `${head}${START}\n${tableOf(rows, conditions)}\n${tail}`);
  console.log('Written: docs/performance.json and the table of docs/performance.md.');
}
