import { z } from 'zod';
import { HoldfastError } from '../../../protocol/failures';
import type { Json } from '../../../protocol/json';
import { defineTool } from '../define-tool';
import type { FileState } from '../workspace-file';
import { stateOf } from '../workspace-file';
import { type Edit, editText } from './edit';
import { textOf } from './text';
import { FILES } from './toolset';

/*
 * All of these are idempotent in earnest: the workspace keeps the intent of each call under its idempotency key, so an
 * attempt repeated after a crash gives the first answer and changes nothing twice.
 */

const path = z.string().min(1).describe('The file, e.g. "reports/summary.md".');
const content = z.string().describe('The whole content.');

/** They run one at a time and in order: a model that writes and edits in one reply means it so. */
const writes = { effect: 'idempotent', exclusive: true, ...FILES } as const;

export const filesWrite = defineTool({
  ...writes,
  name: 'files_write',
  description: 'Writes a text file as a whole, replacing what was there. Folders on the way are made.',
  input: z.strictObject({ path, content }),
  execute: ({ path, content }, { workspace, idempotencyKey }) =>
    workspace.changeOnce({
      key: idempotencyKey,
      path,
      request: `write ${stateOf(Buffer.from(content))}`,
      change: async (before) => written(path, content, before),
    }),
});

export const filesCreate = defineTool({
  ...writes,
  name: 'files_create',
  description:
    'Writes a new text file; fails when there is something at the path already. Folders on the way are made.',
  input: z.strictObject({ path, content }),
  execute: ({ path, content }, { workspace, idempotencyKey }) =>
    workspace.changeOnce({
      key: idempotencyKey,
      path,
      request: `create ${stateOf(Buffer.from(content))}`,
      change: async (before) => {
        if (before === 'absent') return written(path, content, before);
        throw new HoldfastError('Tool.Failed', `"${path}" exists already`, {
          hint: 'Use files_edit to change it or files_write to replace it.',
        });
      },
    }),
});

function written(path: string, content: string, before: FileState): { content: Buffer; answer: Json } {
  const bytes = Buffer.from(content);
  return { content: bytes, answer: { path, bytes: bytes.length, created: before === 'absent' } };
}

const edit = z.strictObject({
  old: z.string().min(1).describe('The exact text to replace, with enough around it to occur only once.'),
  new: z.string().describe('The text in its place.'),
  all: z.boolean().default(false).describe('Replace every occurrence.'),
});

export const filesEdit = defineTool({
  ...writes,
  name: 'files_edit',
  description:
    'Replaces pieces of a text file. Each "old" must occur exactly once unless "all" is true. Edits are made in order; when one does not fit, none is made.',
  input: z.strictObject({ path, edits: z.array(edit).min(1).max(100) }),
  execute: ({ path, edits }, { workspace, idempotencyKey }) =>
    workspace.changeOnce({
      key: idempotencyKey,
      path,
      request: `edit ${JSON.stringify(edits)}`,
      change: async (before, read) => {
        if (before === 'absent') throw new HoldfastError('Tool.Failed', `"${path}" does not exist`);
        return edited(path, await read(), edits);
      },
    }),
});

function edited(path: string, before: Buffer, edits: Edit[]): { content: Buffer; answer: Json } {
  const { text, replaced } = editText(textOf(before, path), edits);
  const bytes = Buffer.from(text);
  return { content: bytes, answer: { path, bytes: bytes.length, replaced } };
}

export const filesDelete = defineTool({
  ...writes,
  name: 'files_delete',
  description: 'Deletes a file or an empty folder. Of a link the link itself.',
  input: z.strictObject({ path }),
  execute: ({ path }, { workspace, idempotencyKey }) => workspace.removeOnce({ key: idempotencyKey, path }),
});
