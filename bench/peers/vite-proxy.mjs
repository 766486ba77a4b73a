// Forward everything by one rule in server.proxy of Vite's dev server, and leave the rest as it is.

import {createServer} from 'vite';

const [port, upstream, authorization] = process.argv.slice(2);

const server = await createServer({
  root: process.cwd(),
  configFile: false,
  logLevel: 'error',
  optimizeDeps: {noDiscovery: true},
  server: {
    host: '127.0.0.1',
    port: Number(port),
    strictPort: true,
    proxy: {
      '^/.*': {
        target: `http://${upstream}`,
        ws: true,
        xfwd: true,
        ...(authorization && {headers: {authorization}}),
      },
    },
  },
});
await server.listen();
