import { type WorkflowHandle, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { update } from '../../../client/updates';

function refused(type: string): Error {
  const cause = ApplicationFailure.create({ type, message: "it wasn't processed by worker" });
  return new WorkflowUpdateFailedError('Workflow Update failed', cause);
}

/** A handle that fails so many times. */
function failing(times: number, error: Error) {
  const asked: unknown[] = [];
  const executeUpdate = async (_name: string, options: unknown) => {
    asked.push(options);
    if (asked.length <= times) throw error;
    return 'taken';
  };
  return { asked, handle: { workflowId: 'a', executeUpdate } as unknown as WorkflowHandle };
}

test('what no worker came to is asked again, under the same id', async () => {
  const { asked, handle } = failing(2, refused('UnprocessedUpdate'));
  expect(await update(handle, 'pause', { by: 'ana' }, 'p-1')).toBe('taken');
  expect(asked).toEqual(Array.from({ length: 3 }, () => ({ args: [{ by: 'ana' }], updateId: 'p-1' })));
});

test('not for ever: then it is an unreachable server, and nothing was recorded', async () => {
  const { asked, handle } = failing(100, refused('UnprocessedUpdate'));
  await expect(update(handle, 'pause', { by: 'ana' }, 'p-1')).rejects.toMatchObject({ code: 'Server.Unreachable' });
  expect(asked).toHaveLength(6);
});

test('a refusal of ours is final', async () => {
  const { asked, handle } = failing(100, refused('Control.Illegal'));
  await expect(update(handle, 'pause', { by: 'ana' })).rejects.toMatchObject({ code: 'Control.Illegal' });
  expect(asked).toHaveLength(1);
});
