// Run scripts of checks one after the other, for as long as there are lines to read.
//
// A line names the script, its argument and what SCENE is; the answer tells what was printed and
// what went wrong. Wix's packages are loaded once, which takes a second. Everything else is as in
// a process of its own: the scripts are loaded anew, and the global object is put back.

import { register } from 'node:module';
import { createInterface } from 'node:readline';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { format, inspect } from 'node:util';
import './packages.mjs';

register('./afresh.mjs', import.meta.url);

// The end of a process would close them; here, the page of another check would listen.
const channels = [];
globalThis.BroadcastChannel = class extends BroadcastChannel {
  constructor(name) {
    super(name);
    channels.push(this);
  }
};

const globals = Object.getOwnPropertyDescriptors(globalThis);
const sayings = { ...console };

function putBack() {
  channels.splice(0).forEach((channel) => channel.close());
  for (const name of Reflect.ownKeys(globalThis)) {
    if (!Object.hasOwn(globals, name)) {
      // What Node itself has put there cannot be taken away.
      Reflect.deleteProperty(globalThis, name);
    }
  }
  Object.defineProperties(globalThis, globals);
  Object.assign(console, sayings);
}

async function run({ script, argument, scene }, number) {
  const printed = [];
  const failures = [];
  const fail = (error) => failures.push(inspect(error));
  console.log = (...said) => printed.push(format(...said));
  process.env.SCENE = JSON.stringify(scene);
  process.argv.splice(1, Infinity, script, argument);
  process.on('uncaughtException', fail).on('unhandledRejection', fail);
  await import(`${pathToFileURL(script)}?run=${number}`).catch(fail);
  // So that what nobody waited for is noticed as well.
  await turn();
  process.off('uncaughtException', fail).off('unhandledRejection', fail);
  putBack();
  return { printed: printed.join('\n'), failures };
}

let number = 0;
for await (const line of createInterface({ input: process.stdin })) {
  number += 1;
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line), number))}\n`);
}
