/*
 * Stands in for the native part of AWS's runtime interface client (`rapid-client.node`), so that AWS's own runtime loop runs
 * without compiling curl. Preloaded by `node --require`: it hands itself out when the loop asks for the native client. Beyond the
 * native client's duties it tells the host two things: what the event loop still held when the answer was given, and, by a mark
 * on stdout and stderr, where the log of an invocation ends.
 */
const http = require('node:http');
const { registerHooks } = require('node:module');
const { pathToFileURL } = require('node:url');

const hooks = registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== './rapid-client.node') return nextResolve(specifier, context);
    // Hooks slow every later import down; the function is to be loaded as in Lambda.
    hooks.deregister();
    return { url: pathToFileURL(__filename).href, format: 'commonjs', shortCircuit: true };
  },
});

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
// On a Managed Instance the loop asks for the next event while others are under way, and their answers must not wait for it.
const isConcurrent = process.env.AWS_LAMBDA_MAX_CONCURRENCY !== undefined;
// One connection else: the loop asks for the next event after it has answered the last one.
const agent = new http.Agent({ keepAlive: true, maxSockets: isConcurrent ? Number.POSITIVE_INFINITY : 1 });
const streams = [process.stdout, process.stderr].map((stream) => stream.write.bind(stream));
const everPresent = process.getActiveResourcesInfo();

function call(method, path, body, headers) {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host,
      port,
      method,
      agent,
      headers,
      path: `/2018-06-01/runtime/invocation/${path}`,
    });
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ bodyJson: text, headers: response.headers }));
    });
    request.on('error', reject).end(body);
  });
}

let posted = Promise.resolve();

function post(path, body, headers = {}) {
  const leftBehind = process.getActiveResourcesInfo();
  for (const resource of everPresent) leftBehind.splice(leftBehind.indexOf(resource), 1);
  posted = call('POST', path, body, {
    'content-type': 'application/json',
    'local-host-left-behind': JSON.stringify(leftBehind),
    ...headers,
  });
  // `next` reports the failure; until then it must not count as an unhandled rejection.
  posted.catch(() => {});
}

module.exports = {
  async next() {
    if (!isConcurrent) await posted;
    for (const write of streams) write('\0next\n');
    return await call('GET', 'next');
  },
  done(requestId, body) {
    post(`${requestId}/response`, body);
  },
  error(requestId, body, xrayCause) {
    // The native client leaves out a cause that does not fit one header; Node would refuse line breaks in it.
    const fits = xrayCause.length <= 1024 && !/[^\x20-\x7e]/.test(xrayCause);
    post(`${requestId}/error`, body, fits ? { 'lambda-runtime-function-xray-error-cause': xrayCause } : {});
  },
};
