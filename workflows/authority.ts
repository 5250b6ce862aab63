import type { ResolvedAgent } from '../protocol/agent';
import type { ApprovalTerms } from '../protocol/approval';
import type { ToolCallPart } from '../protocol/messages';
import { type Grant, type Layer, type Ruling, ruleOn } from '../protocol/permissions/verdict';
import type { PermissionState, PermissionView } from '../protocol/permissions/view';
import type { SessionInput } from '../protocol/session';
import type { ToolSpec } from '../protocol/tool';

/** Sources of outside content that are named; that there were more stays known. */
const MAX_SOURCES = 20;

/**
 * What a run may do: the policies from whoever started the work down to this run, each of which can only narrow, and what people
 * granted on the way.
 */
export class Authority {
  constructor(readonly state: PermissionState = { grants: [], tainted: [], asked: 0 }) {}

  /** @param agent as pinned; before that it may not call anything yet, and only what the run was given counts. */
  layers(agent: ResolvedAgent, given: SessionInput): Layer[] {
    const layers: Layer[] = [...(given.authority ?? [])];
    const { grants } = this.state;
    const policy = { profile: 'strict' as const, ...agent.permissions };
    if (agent.revision !== '') layers.push({ of: `agent ${agent.name}`, policy, grants: [] });
    if (given.permissions) layers.push({ of: 'the run', policy: given.permissions, grants: [] });
    // Whoever decided on a call of this run looked at it under all of them.
    return grants.length === 0 ? layers : layers.map((layer) => ({ ...layer, grants: [...layer.grants, ...grants] }));
  }

  /** @param answered by whom the call was approved already. */
  ruleOn(
    agent: ResolvedAgent,
    given: SessionInput,
    spec: ToolSpec,
    { arguments: args }: ToolCallPart,
    answered?: ReadonlySet<string>,
  ): Ruling {
    const mounts = (given.mounts ?? []).map(({ name }) => name);
    const call = { spec, arguments: args, mounts, tainted: this.state.tainted.length > 0 };
    return ruleOn(this.layers(agent, given), call, answered);
  }

  /** @param id of the run. */
  view(agent: ResolvedAgent, given: SessionInput, id: string): PermissionView {
    const { effectScope = id } = given;
    return { layers: this.layers(agent, given), tainted: this.state.tainted, effectScope };
  }

  grant(grant: Grant): void {
    this.state.grants.push(grant);
  }

  taint(source: string): void {
    const { tainted } = this.state;
    if (!tainted.includes(source) && tainted.length < MAX_SOURCES) tainted.push(source.slice(0, 200));
  }
}

/** The terms of the outermost layer that says anything about approvals: it is the one that must be satisfied. */
export function termsOf(layers: readonly Layer[]): ApprovalTerms {
  return layers.find(({ policy }) => policy.approval)?.policy.approval ?? {};
}
