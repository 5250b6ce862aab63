import type { FilePart, ImagePart, ToolCallPart, ToolMessage } from '../../protocol/messages';
import { ProviderError } from './provider';

/** What every vendor's request needs of our messages. */

/**
 * Half a surrogate pair (a text cut in the middle of an emoji) makes a request the vendors cannot read: it is replaced.
 *
 * @example
 * ```ts
 * import { wellFormed } from 'holdfast/provider';
 *
 * wellFormed('cut in the middle of an emoji: \ud83d'); // the last character becomes U+FFFD
 * ```
 */
export function wellFormed(text: string): string {
  // Node has it since 20; the compiler's library does not know it yet.
  return (text as string & { toWellFormed(): string }).toWellFormed();
}

/**
 * Ids and names another vendor made may have characters this one refuses; a call and its result change alike.
 *
 * @example
 * ```ts
 * import { wireId } from 'holdfast/provider';
 *
 * wireId('call:7/a'); // 'call_7_a'
 * ```
 */
export function wireId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'call';
}

/**
 * The same for names of tools: 64 characters at most, anything but letters, digits, `_` and `-` becomes `_`.
 *
 * @example
 * ```ts
 * import { wireName } from 'holdfast/provider';
 *
 * wireName('files.read'); // 'files_read'
 * ```
 */
export function wireName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'unnamed';
}

/**
 * A call's arguments as the object vendors want; a malformed text is shown to the model as what it was.
 *
 * @example
 * ```ts
 * import { wireArguments } from 'holdfast/provider';
 *
 * wireArguments({ type: 'tool-call', id: '1', name: 'add', arguments: { a: 2, b: 3 } }); // { a: 2, b: 3 }
 * wireArguments({ type: 'tool-call', id: '2', name: 'add', malformed: '{"a":' }); // { malformed_arguments: '{"a":' }
 * ```
 */
export function wireArguments(call: ToolCallPart): Record<string, unknown> {
  if (call.malformed !== undefined) return { malformed_arguments: wellFormed(call.malformed) };
  const { arguments: value } = call;
  if (value === undefined || value === null) return {};
  return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : { value };
}

/**
 * A result for vendors that have no flag for a failed one.
 *
 * @example
 * ```ts
 * import { flaggedResult, type ToolMessage } from 'holdfast/provider';
 *
 * const result = { role: 'tool', callId: '1', name: 'find_order', content: 'there is no order X-9', mediaType: 'text/plain' } as const;
 * flaggedResult({ ...result, outcome: 'failed' }); // 'Error (failed): there is no order X-9'
 * ```
 */
export function flaggedResult(message: ToolMessage): string {
  const content = wellFormed(message.content);
  return message.outcome === 'ok' ? content : `Error (${message.outcome}): ${content}`;
}

/** @throws ProviderError `Model.InvalidRequest` when the content was not loaded. */
export function dataOf(part: ImagePart | FilePart): string {
  if (part.data !== undefined) return part.data;
  throw new ProviderError('Model.InvalidRequest', `the content of an ${part.type} part is not loaded`, {
    hint: 'Contents in the artifact store are loaded before the provider is called; this is a bug of the caller.',
  });
}

/**
 * The content of an image or a file as a `data:` URL, where a vendor takes it so.
 * @throws ProviderError `Model.InvalidRequest` when the content was not loaded.
 *
 * @example
 * ```ts
 * import { dataUrl } from 'holdfast/provider';
 *
 * dataUrl({ type: 'image', mediaType: 'image/png', data: 'iVBORw0KGgo=' }); // 'data:image/png;base64,iVBORw0KGgo='
 * ```
 */
export function dataUrl(part: ImagePart | FilePart): string {
  return `data:${part.mediaType};base64,${dataOf(part)}`;
}

const TEXT_TYPES = /^(text\/|application\/(json|xml|yaml|x-yaml|toml|javascript|x-ndjson)\b|.*\+(json|xml)$)/;

/**
 * What a file part is to a vendor: a PDF it reads itself, or text.
 * @throws ProviderError `Model.InvalidRequest` for what models cannot read.
 *
 * @example
 * ```ts
 * import { fileKind } from 'holdfast/provider';
 *
 * fileKind({ type: 'file', name: 'report.pdf', mediaType: 'application/pdf' }); // 'pdf'
 * fileKind({ type: 'file', name: 'data.csv', mediaType: 'text/csv' }); // 'text'
 * ```
 */
export function fileKind(part: FilePart): 'pdf' | 'text' {
  if (part.mediaType === 'application/pdf') return 'pdf';
  if (TEXT_TYPES.test(part.mediaType)) return 'text';
  throw new ProviderError('Model.InvalidRequest', `${part.name}: models do not read ${part.mediaType}`, {
    hint: 'Give the file as text or PDF, or as an image part.',
  });
}

/**
 * A text file as text, with its name.
 * @throws ProviderError `Model.InvalidRequest` when the content was not loaded.
 *
 * @example
 * ```ts
 * import { fileText } from 'holdfast/provider';
 *
 * fileText({ type: 'file', name: 'a.txt', mediaType: 'text/plain', data: 'aGVsbG8=' }); // '<file name="a.txt">\nhello\n</file>'
 * ```
 */
export function fileText(part: FilePart): string {
  const text = wellFormed(Buffer.from(dataOf(part), 'base64').toString('utf8'));
  return `<file name=${JSON.stringify(part.name)}>\n${text}\n</file>`;
}

/** A correlation id as a header value: printable ASCII, at most 512 characters. */
export function correlationHeader(id: string | undefined): Record<string, string> {
  const clean = id?.replace(/[^\x20-\x7e]/g, '_').slice(0, 512);
  return clean ? { 'X-Client-Request-Id': clean } : {};
}
