import { keyText, type Leaf, leaves, variablesOf } from './keys';

/** A setting as the documentation shows it. */
export interface ReferenceRow {
  key: string;
  type: string;
  default: string;
  /** Its environment variables, the strongest first. */
  variables: string[];
  description: string;
}

/** Every setting there is; `<name>` stands for a name that the user chooses. */
export function configReference(): ReferenceRow[] {
  return leaves().map((leaf) => ({
    key: keyText(leaf.path).replace('*', '<name>'),
    type: leaf.choices?.join(', ') ?? leaf.kind,
    default: leaf.default === undefined ? '' : String(leaf.default),
    variables: variables(leaf),
    description: leaf.description,
  }));
}

const PLACEHOLDER = 'HERE';

function variables({ path }: Leaf): string[] {
  const named = path.map((name) => (name === '*' ? PLACEHOLDER : name));
  return variablesOf(named).map((variable) => variable.replace(`_${PLACEHOLDER}_`, '_<NAME>_'));
}

/** The same as a Markdown table. */
export function configTable(): string {
  const rows = configReference().map(({ key, type, default: value, variables: names, description }) =>
    [
      `\`${key}\``,
      type,
      value === '' ? '–' : `\`${value}\``,
      names.map((name) => `\`${name}\``).join(' '),
      description,
    ].join(' | '),
  );
  const head = ['Key | Type | Default | Environment | Meaning', '--- | --- | --- | --- | ---'];
  return [...head, ...rows].map((row) => `| ${row} |`).join('\n');
}
