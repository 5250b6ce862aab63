import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import type { z } from 'zod';
import type { Exchange, Receipt } from '../../protocol/control';
import type { AssistantMessage, ToolMessage, UserMessage } from '../../protocol/messages';
import { QUERY, UPDATE } from '../../protocol/names';
import type { ChatView, SessionResult, SessionStateView, TranscriptPage } from '../../protocol/session';
import { wireSchemas } from '../../protocol/wire';
import type {
  exchangeSchema,
  messageSchema,
  receiptSchema,
  sessionResultSchema,
  sessionStateSchema,
  transcriptPageSchema,
} from '../../protocol/wire-results';

const root = path.resolve(__dirname, '..', '..');
const folder = path.join(root, 'docs', 'schemas');

/** True when every value of the type is one of the schema, and both have the same fields; else this does not compile. */
type Same<Type, Schema extends z.ZodType> = [Type] extends [z.input<Schema>]
  ? SameKeys<NonNullable<Type>, NonNullable<z.input<Schema>>>
  : never;
type SameKeys<One, Other> = [keyof One] extends [keyof Other]
  ? [keyof Other] extends [keyof One]
    ? true
    : never
  : never;
type Mutable<Type> = { [Key in keyof Type]: Type[Key] extends readonly (infer Item)[] ? Item[] : Type[Key] };
type Role<Name> = Extract<z.input<typeof messageSchema>, { role: Name }>;

const same: [
  Same<SessionResult, typeof sessionResultSchema>,
  Same<Mutable<SessionStateView>, typeof sessionStateSchema>,
  SameKeys<ChatView, NonNullable<z.input<typeof sessionStateSchema>['chat']>>,
  Same<TranscriptPage | null, typeof transcriptPageSchema>,
  Same<Receipt, typeof receiptSchema>,
  Same<Exchange | null, typeof exchangeSchema>,
  SameKeys<UserMessage, Role<'user'>>,
  SameKeys<AssistantMessage, Role<'assistant'>>,
  SameKeys<ToolMessage, Role<'tool'>>,
] = [true, true, true, true, true, true, true, true, true];

test('the published schemas are what the code generates; `npm run build && node scripts/schemas.mjs` writes them', () => {
  const ours = readdirSync(folder).filter((file) => file !== 'holdfast.config.json');
  const files = ours.map((file) => [
    file.replace(/\.json$/, ''),
    JSON.parse(readFileSync(path.join(folder, file), 'utf8')),
  ]);
  expect(Object.fromEntries(files)).toEqual(JSON.parse(JSON.stringify(wireSchemas())));
  expect(same).not.toContain(false);
});

test('every update and query has one, and docs/wire.md names it', () => {
  const page = readFileSync(path.join(root, 'docs', 'wire.md'), 'utf8');
  const names = Object.keys(wireSchemas());
  for (const update of Object.values(UPDATE)) expect(names).toContain(`${update}.input`);
  for (const query of Object.values(QUERY)) if (query !== QUERY.agent) expect(names).toContain(`${query}.result`);
  for (const name of [...Object.values(UPDATE), ...Object.values(QUERY)]) expect(page).toContain(`\`${name}\``);
});

test('they are part of the package', () => {
  const { files } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { files: string[] };
  expect(files).toEqual(expect.arrayContaining(['docs/schemas', 'docs/wire.md']));
});

const schemas = wireSchemas();
const ajv = new Ajv2020({ strict: false });

test.each<[string, unknown, boolean]>([
  ['agentSession.input', { agent: 'assistant', input: 'hi' }, true],
  ['agentSession.input', { agent: 'assistant', input: { a: [1] }, limits: { deadline: '10m', costUsd: 1 } }, true],
  ['agentSession.input', { agent: 'assistant', chat: { title: 'A talk', idleTimeout: '1h' } }, true],
  ['agentSession.input', { agent: 'No Agent', input: 'hi' }, false],
  ['agentSession.input', { agent: 'assistant', input: 'hi', colour: 'red' }, false],
  ['agentSession.input', { agent: 'assistant', input: 'hi', limits: { turns: -1 } }, false],
  ['agentSession.input', { agent: 'assistant', input: 'hi', carried: {} }, false],
  ['send.input', { input: 'hi', by: 'ana' }, true],
  ['steer.input', { by: 'ana', text: 'Be brief.' }, true],
  ['steer.input', { text: 'Be brief.' }, false],
  ['pause.input', { by: 'ana', reason: 'lunch' }, true],
  ['step.input', { by: 'ana', unit: 'day' }, false],
  ['change.input', { by: 'ana', priority: 6 }, false],
  ['rename.input', { by: 'ana' }, false],
])('%s %j: %p', (name, value, valid) => {
  expect(ajv.validate(schemas[name] as object, value)).toBe(valid);
});
