// Make this process a page that has loaded `/_wix/sdk.js`: a window, a document with cookies,
// and a `fetch` below the script's, which the check gives.

import { readFileSync } from 'node:fs';
import { runInThisContext } from 'node:vm';

const SCRIPT = new URL('../../../wixproxy/browser/sdk.js', import.meta.url);

// What the script said and told, and the cookies that it can read.
export const page = { cookies: new Map(), warnings: [], events: [] };

// A channel that does not keep the process alive.
class Channel extends BroadcastChannel {
  constructor(name) {
    super(name);
    this.unref();
  }
}

export function load() {
  runInThisContext(readFileSync(SCRIPT, 'utf8'), { filename: 'sdk.js' });
}

export function open(address, fetch, cookies = page.cookies) {
  const url = new URL(address);
  const events = new EventTarget();
  Object.assign(globalThis, {
    window: globalThis,
    location: url,
    document: {
      baseURI: url.href,
      currentScript: null,
      documentElement: { lang: 'de-CH' },
      get cookie() {
        const readable = [...cookies].filter(([name]) => name.startsWith('wixproxy-hint'));
        return readable.map(([name, value]) => `${name}=${value}`).join('; ');
      },
    },
    BroadcastChannel: Channel,
    addEventListener: events.addEventListener.bind(events),
    dispatchEvent: events.dispatchEvent.bind(events),
    fetch,
  });
  console.warn = (...said) => page.warnings.push(said.join(' '));
  addEventListener('wixproxy:session', ({ detail }) => page.events.push(detail.identity));
  load();
}
