// Serve the page in the working folder with Vite's dev server, as `vite` does.

import {createServer} from 'vite';

const [port] = process.argv.slice(2);

const server = await createServer({
  root: process.cwd(),
  configFile: false,
  logLevel: 'error',
  server: {host: '127.0.0.1', port: Number(port), strictPort: true},
});
await server.listen();
