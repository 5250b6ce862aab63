import { personOf } from '../../protocol/approval-terms';

/** Who is who, for approvals. By name, as decisions and runs name them. */
export type People = Readonly<Record<string, { roles?: readonly string[]; manager?: string }>>;

/**
 * The first capacity of those asked for in which a person may decide; undefined for none. Where no directory is configured, a role is
 * taken at the word of whoever may use the Temporal namespace.
 */
export function capacityOf(
  by: string,
  claimed: string | undefined,
  approvers: readonly string[],
  requester: string | undefined,
  people: People | undefined,
): string | undefined {
  const ordered = claimed === undefined ? approvers : approvers.filter((approver) => approver === claimed);
  return ordered.find((approver) => {
    if (approver === 'anyone') return true;
    if (approver.startsWith('user:')) return same(approver.slice('user:'.length), by);
    if (!people) return claimed === approver;
    if (approver === 'manager') {
      const manager = requester === undefined ? undefined : entryOf(requester, people)?.manager;
      return manager !== undefined && same(manager, by);
    }
    return entryOf(by, people)?.roles?.includes(approver.slice('role:'.length)) ?? false;
  });
}

function entryOf(name: string, people: People) {
  const known = Object.keys(people).find((one) => same(one, name));
  return known === undefined ? undefined : people[known];
}

function same(a: string, b: string): boolean {
  return personOf(a) === personOf(b);
}
