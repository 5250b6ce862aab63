/**
 * The grammar of permission rules. Deterministic and without dependencies: the workflow evaluates them, so that every verdict is
 * in the history.
 *
 *     rule      = tools [ "(" [ condition { "," condition } ] ")" ]
 *     tools     = the tool's name, "*" standing for any part of it: files_*, *; undo.NAME for the undo of a tool
 *     condition = [ argument operator ] value       without an argument: the one the tool names as its subject
 *     argument  = name { "." name }
 *     operator  = "=" | "!=" | "<" | "<=" | ">" | ">="
 *     value     = text with "*" (no "/") and "**" (anything), or a JSON string, taken literally
 *
 * All conditions of a rule must hold. `files_write(reports/**)`, `pay(amount<=100, to="acme")`, `shell(git status*)`.
 */

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=';

export interface Condition {
  /** Path of the argument; undefined is the tool's subject. */
  argument: string[] | undefined;
  operator: Operator;
  value: string;
  /** Whether `*` in the value is a star and nothing else. */
  literal: boolean;
}

export interface Rule {
  /** As it was written. */
  text: string;
  tools: string;
  conditions: Condition[];
}

const MAX_RULE = 1_000;
const MAX_CONDITIONS = 20;
const TOOLS = /^(?:undo\.)?[A-Za-z0-9_*-]{1,100}/;
const ARGUMENT = /^([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*)\s*(<=|>=|!=|=|<|>)/;

/** A rule that cannot be read; `message` says where and why. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

/** @throws RuleError naming the rule, the position and what was expected there. */
export function parseRule(text: string): Rule {
  const known = parsed.get(text);
  if (known) return known;
  if (typeof text !== 'string' || text.length > MAX_RULE) {
    throw new RuleError(`a rule is a text of at most ${MAX_RULE} characters`);
  }
  const rule = new Parser(text).rule();
  if (parsed.size < MAX_PARSED) parsed.set(text, rule);
  return rule;
}

/** Rules are few and asked at every call. The content decides, so a worker may share this over runs. */
const parsed = new Map<string, Rule>();
const MAX_PARSED = 5_000;

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  rule(): Rule {
    this.blanks();
    const tools = this.take(TOOLS)?.[0] ?? this.fail('the name of a tool, or *');
    this.blanks();
    const conditions = this.text[this.at] === '(' ? this.conditions() : [];
    this.blanks();
    if (this.at < this.text.length) this.fail('the end of the rule');
    return { text: this.text, tools, conditions };
  }

  private conditions(): Condition[] {
    const conditions: Condition[] = [];
    this.at++;
    this.blanks();
    if (this.text[this.at] === ')') {
      this.at++;
      return conditions;
    }
    for (;;) {
      conditions.push(this.condition());
      if (conditions.length > MAX_CONDITIONS) this.fail(`at most ${MAX_CONDITIONS} conditions`);
      const end = this.text[this.at++];
      if (end === ')') return conditions;
      if (end !== ',') {
        this.at--;
        this.fail('"," or ")"');
      }
    }
  }

  private condition(): Condition {
    this.blanks();
    const [, argument, operator] = this.take(ARGUMENT) ?? [];
    this.blanks();
    const quoted = this.text[this.at] === '"';
    const value = quoted ? this.quoted() : this.plain();
    const order = operator !== undefined && /[<>]/.test(operator);
    if (order && !(value.trim() !== '' && Number.isFinite(Number(value)))) this.fail(`a number after "${operator}"`);
    return {
      argument: argument?.split('.'),
      operator: (operator as Operator | undefined) ?? '=',
      value,
      literal: quoted,
    };
  }

  private quoted(): string {
    const start = this.at;
    for (this.at++; this.at < this.text.length; this.at++) {
      if (this.text[this.at] === '\\') this.at++;
      else if (this.text[this.at] === '"') break;
    }
    this.at++;
    try {
      const value = JSON.parse(this.text.slice(start, this.at));
      this.blanks();
      return value;
    } catch {
      this.at = start;
      return this.fail('a JSON string');
    }
  }

  private plain(): string {
    const start = this.at;
    while (this.at < this.text.length && !',()"'.includes(this.text[this.at] as string)) this.at++;
    const value = this.text.slice(start, this.at).trim();
    return value === '' ? this.fail('a value') : value;
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    const found = pattern.exec(this.text.slice(this.at));
    if (!found) return undefined;
    this.at += found[0].length;
    return found;
  }

  private blanks(): void {
    while (this.text[this.at] === ' ') this.at++;
  }

  private fail(expected: string): never {
    const found = this.at < this.text.length ? JSON.stringify(this.text.slice(this.at, this.at + 20)) : 'the end';
    throw new RuleError(
      `rule ${JSON.stringify(this.text.slice(0, 100))}: expected ${expected} at ${this.at + 1}, found ${found}`,
    );
  }
}
