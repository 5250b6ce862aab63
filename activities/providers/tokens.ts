import type { JsonSchema } from '../../protocol/json';
import type { FilePart, Message } from '../../protocol/messages';
import type { ModelRequest } from './provider';

/** Names of gpt-tokenizer's encodings that current models use. */
export type Encoding = 'o200k_base' | 'cl100k_base';

/** Whose request is counted, and with which public tokenizer. */
export interface CountOptions {
  /** Reasoning of other providers is not sent, so not counted. */
  provider: string;
  /** The model's public encoding, where it has one; else tokens are estimated. */
  encoding?: Encoding | undefined;
}

/** Tokens a vendor adds around each message, tool and call. */
const PER_MESSAGE = 5;
const PER_CALL = 12;
const PER_TOOL = 16;
const PER_REQUEST = 16;
/** What the dearest current models charge for one large image. */
const PER_IMAGE = 2_600;
/** A PDF is read as text and as pictures of its pages; this many bytes of it are about one token. */
const PDF_BYTES_PER_TOKEN = 12;
const LEAST_PDF = 3_000;
/** Base64 of encrypted reasoning per reasoning token. */
const ENCRYPTED_CHARS_PER_TOKEN = 4;
/** Longer texts are estimated: exact counting takes about 0.2 ms per 1,000 characters. */
const MAX_EXACT_CHARS = 100_000;
/** So are texts with a longer word or rule: the time for one grows with its square (10 s for 100,000 letters). */
const MAX_EXACT_RUN = 500;

/** Counted once per message object and way of counting: a transcript is counted again each turn. */
const memos = new Map<string, WeakMap<object, number>>();
const texts = new Map<string, number>();
const MAX_TEXTS = 200;

/**
 * Input tokens of a request: exact texts for OpenAI models with gpt-tokenizer installed, else an estimate that errs upwards.
 *
 * @example
 * ```ts
 * import { countRequestTokens, type ModelRequest } from 'holdfast/provider';
 *
 * const countTokens = (request: ModelRequest): number =>
 *   countRequestTokens(request, { provider: 'acme', encoding: 'o200k_base' }); // where the model's encoding is public
 * ```
 */
export function countRequestTokens(request: ModelRequest, options: CountOptions): number {
  const encode = options.encoding && tokenizer(options.encoding);
  const count = encode ? (text: string) => (isCheapToEncode(text) ? encode(text) : estimateText(text)) : estimateText;
  const key = `${options.provider}:${encode ? options.encoding : 'estimate'}`;
  const memo = memos.get(key) ?? new WeakMap<object, number>();
  memos.set(key, memo);

  let total = PER_REQUEST;
  if (request.instructions) total += PER_MESSAGE + countText(key, request.instructions, count);
  for (const tool of request.tools) {
    total += PER_TOOL + countText(key, `${tool.name} ${tool.description}`, count);
    total += remembered(memo, tool.inputSchema, (schema: JsonSchema) => count(JSON.stringify(schema)));
  }
  if (request.outputSchema) {
    total += PER_TOOL + remembered(memo, request.outputSchema, (schema) => count(JSON.stringify(schema)));
  }
  for (const message of request.messages) {
    total += remembered(memo, message, (item: Message) => countMessage(item, options.provider, count));
  }
  return total;
}

type Count = (text: string) => number;

function remembered<T extends object>(memo: WeakMap<object, number>, item: T, count: (item: T) => number): number {
  const known = memo.get(item);
  if (known !== undefined) return known;
  const tokens = count(item);
  memo.set(item, tokens);
  return tokens;
}

/** Instructions and descriptions are equal from turn to turn, but in new objects. */
function countText(key: string, text: string, count: Count): number {
  const name = `${key}:${text}`;
  const known = texts.get(name);
  if (known !== undefined) return known;
  const tokens = count(text);
  if (texts.size >= MAX_TEXTS) texts.clear();
  texts.set(name, tokens);
  return tokens;
}

function countMessage(message: Message, provider: string, count: Count): number {
  if (message.role === 'tool') return PER_MESSAGE + PER_CALL + count(message.content);
  let total = PER_MESSAGE;
  for (const part of message.content) {
    if (part.type === 'text') total += count(part.text);
    else if (part.type === 'image') total += PER_IMAGE;
    else if (part.type === 'file') total += countFile(part, count);
    else if (part.type === 'tool-call') {
      total += PER_CALL + count(part.name) + count(part.malformed ?? JSON.stringify(part.arguments ?? {}));
    } else if (part.provider === provider) {
      const encrypted = (part.encrypted?.length ?? 0) / ENCRYPTED_CHARS_PER_TOKEN;
      total += Math.ceil(Math.max(encrypted, count(part.text)));
    }
  }
  return total;
}

function countFile(part: FilePart, count: Count): number {
  const bytes = part.artifact?.bytes ?? Math.ceil(((part.data?.length ?? 0) * 3) / 4);
  if (part.mediaType === 'application/pdf') return Math.max(LEAST_PDF, Math.ceil(bytes / PDF_BYTES_PER_TOKEN));
  return part.data === undefined ? Math.ceil(bytes / 2) : count(Buffer.from(part.data, 'base64').toString('utf8'));
}

function isCheapToEncode(text: string): boolean {
  return text.length <= MAX_EXACT_CHARS && longestRun(text) <= MAX_EXACT_RUN;
}

/** Characters in the longest stretch a tokenizer takes in one piece: of letters, of symbols or of space. */
function longestRun(text: string): number {
  let longest = 0;
  let run = 0;
  let kind = -1;
  for (let at = 0; at < text.length; at++) {
    const next = kindOf(text.charCodeAt(at));
    // Digits are taken three at a time.
    run = next === kind && next !== DIGITS ? run + 1 : 1;
    kind = next;
    if (run > longest) longest = run;
  }
  return longest;
}

const DIGITS = 2;

function kindOf(code: number): number {
  if (code <= 32) return 0;
  if (code >= 128 || isLetter(code)) return 1;
  return code >= 48 && code <= 57 ? DIGITS : 3;
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}

/** Tokens per character by kind, on the high side of what o200k and Claude's tokenizers make of prose, code and JSON. */
const LETTER = 0.25;
const CAPITAL = 0.5;
const DIGIT = 0.6;
const SPACE = 0.15;
const SYMBOL = 0.9;
const LATIN_EXTENDED = 0.7;
/** Cyrillic, Greek, Hebrew, Arabic and other alphabets. */
const ALPHABET = 0.58;
const OTHER_SCRIPT = 1.1;

/**
 * Tokens of a text without a tokenizer: about a nanosecond a character, rather too many than too few.
 *
 * @example
 * ```ts
 * import { estimateText } from 'holdfast/provider';
 *
 * estimateText('Where is my parcel?'); // 6
 * ```
 */
export function estimateText(text: string): number {
  let tokens = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 97 && code <= 122) tokens += LETTER;
    else if (code <= 32) tokens += SPACE;
    else if (code >= 65 && code <= 90) tokens += CAPITAL;
    else if (code >= 48 && code <= 57) tokens += DIGIT;
    else if (code < 128) tokens += SYMBOL;
    else if (code < 0x250) tokens += LATIN_EXTENDED;
    else if (code < 0x1000) tokens += ALPHABET;
    else tokens += OTHER_SCRIPT;
  }
  return Math.ceil(tokens);
}

/** The encoding of an OpenAI model; undefined for models of others, which compatible servers serve. */
export function encodingOf(model: string): Encoding | undefined {
  if (/^(gpt-3\.5|gpt-4(?![.o\d]))/.test(model)) return 'cl100k_base';
  return /^(gpt-|o\d|chatgpt|codex)/.test(model) ? 'o200k_base' : undefined;
}

const tokenizers = new Map<Encoding, Count | undefined>();

/** gpt-tokenizer is an optional package; it takes 170 ms and 80 MB to load, so only the encoding in use is. */
function tokenizer(encoding: Encoding): Count | undefined {
  if (!tokenizers.has(encoding)) tokenizers.set(encoding, loadTokenizer(encoding));
  return tokenizers.get(encoding);
}

function loadTokenizer(encoding: Encoding): Count | undefined {
  try {
    const { countTokens } = (
      encoding === 'o200k_base'
        ? require('gpt-tokenizer/encoding/o200k_base')
        : require('gpt-tokenizer/encoding/cl100k_base')
    ) as typeof import('gpt-tokenizer/encoding/o200k_base');
    // Documents quote special tokens; they are text to us.
    const allowAll = { disallowedSpecial: new Set<string>() };
    return (text) => countTokens(text, allowAll);
  } catch {
    return undefined;
  }
}
