import { stringify } from 'yaml';
import { escapeLine, escapeText } from '../escape';
import type { Style } from '../style';
import { table } from '../table';
import type { FoundTemplate } from './plan-file';

export function templateTable(templates: readonly FoundTemplate[], style: Style): string {
  if (templates.length === 0) return 'no templates: put plans into plans/ of the project';
  const rows = templates.map(({ name, version, parameters, description = '', file }) => [
    escapeLine(name),
    escapeLine(version),
    parameters.map(({ name: one, default: usual }) => (usual === undefined ? one : `${one}=${usual}`)).join(' '),
    escapeLine(description),
    escapeLine(file),
  ]);
  return table(['template', 'version', 'parameters', '', 'file'], rows, style);
}

export function yamlOf(plan: object): string {
  return escapeText(stringify(plan)).trimEnd();
}
