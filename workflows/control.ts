import type { Actor, Breakpoints, ControlAction, ControlState, Pause, Step } from '../protocol/control';
import type { UserMessage } from '../protocol/messages';
import type { Stop } from './gates';

/** Actions shown in the state; all of them stay in the history. */
const SHOWN_ACTIONS = 20;
/** Orders whose update ids are still known after a roll-over. */
const KNOWN_ORDERS = 100;

/** What starts next: a model call or a tool call. */
export type Start = 'model' | 'tool';

/** What operators have asked of a session: pause and steps, guidance, breakpoints. Plain state, carried from run to run. */
export class Control {
  private readonly state: ControlState;
  /** The turn a breakpoint stopped at, so that it stops there once. */
  private stoppedAt = 0;

  constructor(carried?: ControlState, breakpoints: Breakpoints = {}) {
    this.state = carried ?? { pause: null, steps: null, steering: [], breakpoints, actions: [] };
  }

  carry(): ControlState {
    return this.state;
  }

  get paused(): Pause | null {
    return this.state.pause;
  }

  get actions(): ControlAction[] {
    return this.state.actions;
  }

  /** Notes who did what, and when. */
  record(action: string, { by, reason }: Actor, at: number, detail?: string): void {
    const { actions } = this.state;
    actions.push({ at, by, action, ...(reason !== undefined && { reason }), ...(detail !== undefined && { detail }) });
    if (actions.length > SHOWN_ACTIONS) actions.shift();
  }

  /** Whether an order was followed before under this update id, in this Temporal run or an earlier one. */
  knows(id: string | undefined): boolean {
    return id !== undefined && (this.state.taken?.includes(id) ?? false);
  }

  remember(id: string | undefined): void {
    if (id === undefined) return;
    const taken = [...(this.state.taken ?? []), id];
    this.state.taken = taken.slice(-KNOWN_ORDERS);
  }

  pause({ by, reason }: Actor, at: number): void {
    this.state.pause = { by, ...(reason !== undefined && { reason }), at };
    this.state.steps = null;
  }

  resume(): void {
    this.state.pause = null;
    this.state.steps = null;
  }

  /** @param midTurn whether tool calls of the present turn wait: a step of one turn then only ends it. */
  step(unit: NonNullable<Step['unit']>, midTurn: boolean): void {
    this.state.steps = { unit, left: unit === 'turn' && midTurn ? 0 : 1 };
  }

  /** Whether the next call has to wait. */
  holds(start: Start): boolean {
    const { pause, steps } = this.state;
    if (!pause) return false;
    if (!steps) return true;
    return steps.unit === 'turn' && start === 'tool' ? false : steps.left === 0;
  }

  /** Notes that a call starts, which may use up a step. */
  started(start: Start): void {
    const { pause, steps } = this.state;
    if (pause && steps && (steps.unit === 'call' || start === 'model')) steps.left--;
  }

  /** Remembered until it is there: the order may come while the session rolls over and nothing runs that could be aborted. */
  end(stop: Stop): void {
    this.state.ending = stop;
  }

  get ending(): Stop | undefined {
    return this.state.ending;
  }

  /** The exchange is over; the chat goes on. */
  interrupted(): void {
    if (this.state.ending?.reason === 'interrupted') delete this.state.ending;
  }

  set breakpoints(breakpoints: Breakpoints) {
    this.state.breakpoints = breakpoints;
  }

  /** Whether calls must be visible one by one, so that each can be held. */
  get stepwise(): boolean {
    return this.state.pause !== null || (this.state.breakpoints.tools?.length ?? 0) > 0;
  }

  /** Pauses before a turn an operator wants to look at. */
  breakAtTurn(turn: number, now: number): void {
    if (this.state.pause || this.stoppedAt === turn || !this.state.breakpoints.turns?.includes(turn)) return;
    this.stoppedAt = turn;
    this.pause({ by: 'breakpoint', reason: `before turn ${turn}` }, now);
  }

  /** Pauses before a tool an operator wants to look at. */
  breakAtTool(tool: string, now: number): void {
    const { tools = [] } = this.state.breakpoints;
    if (this.state.pause || !(tools.includes(tool) || tools.includes('*'))) return;
    this.pause({ by: 'breakpoint', reason: `before ${tool}` }, now);
  }

  steer(message: UserMessage): void {
    this.state.steering.push(message);
  }

  get hasSteering(): boolean {
    return this.state.steering.length > 0;
  }

  takeSteering(): UserMessage[] {
    return this.state.steering.splice(0) as UserMessage[];
  }
}
