'use strict';
/*
 * The bundle's entry for a worker that has workflows of its own: theirs and ours. `workers/bundler.ts` lets the name below
 * stand for the user's `workflowsPath`. Plain CommonJS, so that a default export (the fallback for unknown types) is kept.
 */
const ours = require('./index');
const users = require('__holdfast_user_workflows');

for (const name of Object.keys(ours)) {
  if (name in users) throw new Error(`The workflow type "${name}" belongs to Holdfast; rename yours.`);
}
Object.assign(exports, ours, users);
