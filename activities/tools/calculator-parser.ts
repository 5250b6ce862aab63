import { CONSTANTS, FUNCTIONS } from './calculator-functions';
import { add, divide, multiply, type Num, negate, parseDecimal, power, remainder } from './calculator-number';

const MAX_LENGTH = 10_000;
const MAX_DEPTH = 100;
const TOKEN = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|([a-z_][a-z0-9_]*)|(\*\*|[-+*/%^(),×·÷−])|(\S))|\s+$/giy;

/** Binds tighter, stands higher. A sign stands between the two: -2^2 is -4, -2*3 is (-2)*3. */
const SIGN = 30;
const INFIX: Record<string, { left: number; right: number; apply: (a: Num, b: Num) => Num }> = {
  '+': { left: 10, right: 11, apply: add },
  '-': { left: 10, right: 11, apply: (a, b) => add(a, negate(b)) },
  '*': { left: 20, right: 21, apply: multiply },
  '/': { left: 20, right: 21, apply: divide },
  '%': { left: 20, right: 21, apply: remainder },
  '^': { left: 40, right: 40, apply: power },
};
const SAME = new Map([
  ['**', '^'],
  ['×', '*'],
  ['·', '*'],
  ['÷', '/'],
  ['−', '-'],
]);

interface Token {
  kind: 'number' | 'name' | 'symbol' | 'end';
  text: string;
  /** Counted from 1. */
  at: number;
}

/**
 * The value of an arithmetic expression. A parser of its own, no `eval`: what is not arithmetic cannot run.
 * @throws Error saying what is wrong and at which character; RangeError for values that do not exist.
 */
export function evaluate(expression: string): Num {
  if (expression.length > MAX_LENGTH) {
    throw new Error(`the expression has ${expression.length} characters, ${MAX_LENGTH} are allowed`);
  }
  const parser = new Parser(tokensOf(expression));
  const value = parser.expression(0);
  parser.expect('end', '');
  return value;
}

function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  for (const match of expression.matchAll(TOKEN)) {
    const [whole, number, name, symbol, other] = match;
    const text = number ?? name ?? symbol ?? other;
    if (text === undefined) continue;
    const at = match.index + whole.length - text.length + 1;
    if (other !== undefined) throw new Error(`unexpected ${JSON.stringify(other)} at character ${at}`);
    const kind = number !== undefined ? 'number' : name !== undefined ? 'name' : 'symbol';
    tokens.push({ kind, text: SAME.get(text) ?? text.toLowerCase(), at });
  }
  tokens.push({ kind: 'end', text: '', at: expression.length + 1 });
  return tokens;
}

/** Precedence climbing, evaluating as it goes. */
class Parser {
  private position = 0;
  private depth = 0;

  constructor(private readonly tokens: Token[]) {}

  /** Reads operators that bind at least as tight as `least`. */
  expression(least: number): Num {
    if (++this.depth > MAX_DEPTH) throw new Error(`the expression is nested deeper than ${MAX_DEPTH}`);
    let value = this.operand();
    for (;;) {
      const token = this.peek();
      const infix = token.kind === 'symbol' ? INFIX[token.text] : undefined;
      if (!infix || infix.left < least) break;
      this.position++;
      value = infix.apply(value, this.expression(infix.right));
    }
    this.depth--;
    return value;
  }

  expect(kind: Token['kind'], text: string): void {
    const token = this.peek();
    if (token.kind !== kind || token.text !== text) throw unexpected(token, text === '' ? 'an operator' : `"${text}"`);
    this.position++;
  }

  private operand(): Num {
    const token = this.peek();
    this.position++;
    if (token.kind === 'number') return parseDecimal(token.text);
    if (token.kind === 'name') return this.named(token);
    if (token.text === '-') return negate(this.expression(SIGN));
    if (token.text === '+') return this.expression(SIGN);
    if (token.text !== '(') throw unexpected(token, 'a number, a name or "("');
    const value = this.expression(0);
    this.expect('symbol', ')');
    return value;
  }

  private named(token: Token): Num {
    const constant = Object.hasOwn(CONSTANTS, token.text) ? CONSTANTS[token.text] : undefined;
    if (constant !== undefined) return constant;
    const called = Object.hasOwn(FUNCTIONS, token.text) ? FUNCTIONS[token.text] : undefined;
    if (!called) {
      const known = [...Object.keys(FUNCTIONS), ...Object.keys(CONSTANTS)].join(', ');
      throw new Error(`unknown name "${token.text.slice(0, 40)}" at character ${token.at}; known: ${known}`);
    }
    const args = this.arguments();
    const [fewest, most] = called.arity;
    if (args.length < fewest || args.length > most) {
      const wanted = fewest === most ? `${fewest}` : `${fewest} to ${most}`;
      throw new Error(`${token.text} takes ${wanted} arguments, got ${args.length} (at character ${token.at})`);
    }
    return called.apply(args);
  }

  private arguments(): Num[] {
    this.expect('symbol', '(');
    const args: Num[] = [];
    if (this.peek().text !== ')') args.push(this.expression(0));
    while (this.peek().text === ',') {
      this.position++;
      args.push(this.expression(0));
    }
    this.expect('symbol', ')');
    return args;
  }

  private peek(): Token {
    return this.tokens[this.position] as Token;
  }
}

function unexpected(token: Token, wanted: string): Error {
  const found = token.kind === 'end' ? 'the end' : JSON.stringify(token.text.slice(0, 40));
  return new Error(`expected ${wanted} at character ${token.at}, found ${found}`);
}
