// Forward everything with http-proxy-middleware, over connections that are kept.

import http from 'node:http';
import {createProxyMiddleware} from 'http-proxy-middleware';

const [port, upstream, authorization] = process.argv.slice(2);

const forward = createProxyMiddleware({
  target: `http://${upstream}`,
  agent: new http.Agent({keepAlive: true}),
  xfwd: true,
  ...(authorization && {headers: {authorization}}),
});

const server = http.createServer((request, answer) => {
  forward(request, answer, () => answer.writeHead(404).end());
});
server.on('upgrade', forward.upgrade);
server.listen({port: Number(port), host: '127.0.0.1', backlog: 4096});
