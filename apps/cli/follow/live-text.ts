import { LiveReader } from '../../../client/live-reader';
import { DeltaCursor } from '../../../client/run-events';
import type { StreamBus } from '../../../streams/stream-bus';
import type { LiveText } from './follow-run';
import type { Progress } from './progress';

/** What the model of one run says, as a bus brings it. */
export class StreamedText implements LiveText {
  private readonly reader: LiveReader;
  private readonly cursor = new DeltaCursor();
  private said = false;
  private news = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly bus: StreamBus,
    topic: string,
  ) {
    this.reader = new LiveReader(bus, topic, ({ type }) => {
      this.said = true;
      if (type !== 'delta') this.news = true;
      this.wake();
    });
  }

  *tell(position: number): Generator<Progress> {
    this.said = false;
    for (const event of this.cursor.next(this.reader.live, position)) {
      yield event.type === 'attempt' ? { ...event, type: 'text-dropped' } : { ...event, type: 'text-delta' };
    }
  }

  async changed(): Promise<void> {
    if (this.said || this.news) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  takeNews(): boolean {
    const { news } = this;
    this.news = false;
    return news;
  }

  async close(): Promise<void> {
    await this.reader.close();
    await this.bus.close();
  }
}
