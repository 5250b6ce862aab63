/** Colour where somebody looks and wants it: on a terminal, unless NO_COLOR is set (https://no-color.org). */

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
}

const CODES = { bold: [1, 22], dim: [2, 22], green: [32, 39], yellow: [33, 39], red: [31, 39] } as const;

export function styleFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Style {
  const wanted = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  const paint = (name: keyof Style) => (text: string) => {
    const [on, off] = CODES[name];
    return wanted ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  };
  return { bold: paint('bold'), dim: paint('dim'), green: paint('green'), yellow: paint('yellow'), red: paint('red') };
}
