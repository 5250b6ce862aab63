import { detailsOf } from '../../../workflows/details';
import { grouped } from '../../../workflows/grouped';
import { Inbox } from '../../../workflows/inbox';
import { Session } from '../../../workflows/session';
import { resolvedAgent } from '../../fixtures/agents';
import { drive } from '../../fixtures/drive';
import { call, user } from '../../fixtures/messages';

const todo = call('t', 'todo', { items: [{ text: 'read', status: 'done' }, { text: 'write' }] });

test('a run told in Markdown: who, how far, what is planned, and turn by turn', async () => {
  const driven = await drive({
    answers: [[todo], { text: 'done', costUsd: null, simulated: true }],
    limits: { costUsd: 2 },
  });
  driven.result();
  expect(detailsOf(driven.session).split('\n')).toEqual([
    '**tester** · scripted/steps · *simulated answers* · revision `rev-1`',
    '',
    'ended: completed · turn 2/100 · 1 tool calls · 200→20 tok · $0.0100 of $2.0000',
    '',
    '- [x] read',
    '- [ ] write',
    '',
    '| turn | model | tokens | cost | ms | then |',
    '|---|---|---|---|---|---|',
    '| 1 | steps-1 | 100→10 | $0.0100 | 5 | todo |',
    '| 2 | steps-1 | 100→10 | unknown | 5 | answer |',
  ]);
});

test('only the last twelve turns are listed', async () => {
  const answers = Array.from({ length: 15 }, (_, at) => [call('a', 'slow', { at })]);
  const { session } = await drive({ answers, limits: { turns: 15 } });
  const rows = detailsOf(session)
    .split('\n')
    .filter((line) => /^\| \d/.test(line));
  expect(rows).toHaveLength(12);
  expect(rows[0]).toMatch(/^\| 4 /);
});

test('what runs, and how it failed', async () => {
  const { session } = await drive({ answers: [[call('a', 'slow')]], limits: { turns: 1 } });
  session.running.push('slow', 'other');
  session.phase = 'tools';
  expect(detailsOf(session)).toContain('tools: slow, other');
  session.running.length = 0;
  expect(detailsOf(session)).toContain('tools · turn 1');
  session.fail({ code: 'Model.Auth', message: 'no' });
  expect(detailsOf(session)).toContain('failed: Model.Auth');
});

test('a chat with its queue, a pause with who and why, and calls of one name together', async () => {
  const inbox = new Inbox(1_000, 'Order 42');
  inbox.add('a', user('one'));
  const session = Session.start({ agent: 'tester', input: null, chat: {} }, 'run-1', 1_000, { inbox });
  expect(detailsOf(session)).toContain('**tester**\n');
  session.pin(resolvedAgent());
  session.control.pause({ by: 'ana', reason: 'lunch' }, 1_000);
  const details = detailsOf(session);
  expect(details).toContain('chat · **Order 42** · 0 answered · 1 waiting');
  expect(details).toContain('**paused** by ana: lunch');
  expect(grouped(['read', 'clock', 'read'])).toBe('read ×2, clock');
});
