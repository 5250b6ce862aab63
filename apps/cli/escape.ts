/**
 * Text that comes from models, tools and files may try to drive the terminal: move its cursor, rename its window, reverse
 * what is read, hide words. Everything of that kind is made visible before it is printed.
 */

/** What a terminal acts on or does not show: controls, format characters (bidi, zero width), lone surrogates, fillers. */
const ACTIVE = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;

/** Joiners are part of emoji, and of the spelling of these scripts; there they stay. */
const EMOJI = String.raw`(?:[0-9#*]\uFE0F\u20E3|\p{Extended_Pictographic}[\p{EMod}\uFE0F]?(?:\u200D\p{Extended_Pictographic}[\p{EMod}\uFE0F]?)*)`;
const JOINING = ['Arabic', 'Bengali', 'Devanagari', 'Gujarati', 'Gurmukhi', 'Kannada', 'Khmer', 'Malayalam', 'Myanmar']
  .concat(['Oriya', 'Sinhala', 'Tamil', 'Telugu'])
  .map((script) => String.raw`\p{Script=${script}}`)
  .join('');
const JOINED = `(?<=[${JOINING}])[\\u200C\\u200D](?=[${JOINING}])`;

const KEPT_OR_ACTIVE = new RegExp(String.raw`(${EMOJI}|${JOINED}|[\n\t])|\r\n|${ACTIVE}`, 'gu');
const ACTIVE_ALONE = new RegExp(ACTIVE, 'gu');

/** The text with nothing in it that acts on a terminal; line breaks and tabs stay. */
export function escapeText(text: string): string {
  return text.replace(KEPT_OR_ACTIVE, (found: string, kept: string | undefined) => {
    if (kept !== undefined) return kept;
    return found === '\r\n' ? '\n' : visible(found);
  });
}

/** The same on one line, cut to a number of characters. */
export function escapeLine(text: string, limit = 200): string {
  // What is far beyond the limit need not be looked at: a tool may return megabytes.
  const start = text.slice(0, limit * 4 + 100);
  const line = escapeText(start.replace(/\s+/g, ' ').trim());
  const characters = [...line];
  const cut = characters.length > limit || start.length < text.length;
  return cut ? `${characters.slice(0, Math.max(0, limit - 1)).join('')}…` : line;
}

/** JSON of the same value that is safe to show: what acts on a terminal is written as `\uXXXX`. */
export function safeJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent) ?? 'null';
  return text.replace(ACTIVE_ALONE, (found) => (found === '\n' ? found : codeUnits(found)));
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${hex(code, 2)}`;
  return code > 0xffff ? `\\u{${hex(code, 5)}}` : `\\u${hex(code, 4)}`;
}

function codeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${hex(unit.charCodeAt(0), 4)}`)
    .join('');
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, '0');
}
