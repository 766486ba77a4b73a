// Forward everything with http-proxy-3, over connections that are kept.

import http from 'node:http';
import {createProxyServer} from 'http-proxy-3';

const [port, upstream, authorization] = process.argv.slice(2);

const proxy = createProxyServer({
  target: `http://${upstream}`,
  agent: new http.Agent({keepAlive: true}),
  xfwd: true,
  ...(authorization && {headers: {authorization}}),
});
proxy.on('error', (error, request, answer) => {
  if (answer.writeHead && !answer.headersSent) {
    answer.writeHead(502);
  }
  answer.end();
});

const server = http.createServer((request, answer) => proxy.web(request, answer));
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head));
server.listen({port: Number(port), host: '127.0.0.1', backlog: 4096});
