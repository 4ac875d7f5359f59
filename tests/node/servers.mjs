// Starting and stopping the development provider and forward_auth, and a few words for tests.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import readline from 'node:readline';

const running = new Set();

// A port of 127.0.0.1 that was free a moment ago.
export async function freePort() {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

export async function start(program, args, announces, extra = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...extra });
  running.add(child);
  child.on('exit', () => running.delete(child));
  const said = child.said = [];
  child.stderr.on('data', (text) => said.push(text.toString()));
  const lines = readline.createInterface({ input: child.stdout });
  const found = await new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      said.push(line + '\n');
      if (line.startsWith(announces)) resolve(line.slice(announces.length));
    });
    child.on('exit', (code) => reject(new Error(`${program} ended with ${code}:\n${said.join('')}`)));
    child.on('error', reject);
  });
  return { child, found };
}

// A proxy that says nothing when it is ready: it is, once something answers at `url`.
export async function startProxy(program, args, url, home) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: home, XDG_DATA_HOME: home } });
  running.add(child);
  child.on('exit', () => running.delete(child));
  const said = child.said = [];
  child.stderr.on('data', (text) => said.push(text.toString()));
  for (const deadline = Date.now() + 15000; ; await new Promise((done) => setTimeout(done, 50))) {
    if (await fetch(url + '/ping').then(() => true, () => false)) return { child };
    if (Date.now() > deadline || !running.has(child)) throw new Error(`${program} did not start:\n${said.join('')}`);
  }
}

export async function stop(server) {
  if (!running.has(server.child)) return;
  server.child.kill('SIGTERM');
  await once(server.child, 'exit');
}

export async function stopAll() {
  for (const child of [...running]) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

export async function devIdp(build, args = []) {
  const server = await start(`${build}/examples/dev_idp/dev_idp`, [...(args.includes('--port') ? [] : ['--port', '0']), ...args], 'issuer ');
  const post = (path, fields = {}) =>
    fetch(`${server.found}/dev/${path}`, { method: 'POST', body: new URLSearchParams(fields) });
  return {
    ...server,
    issuer: server.found,
    post,
    misbehave: (mode, times = 1) => post('misbehave', { mode, times }),
    counts: async () => (await (await fetch(`${server.found}/dev/state`)).json()).journal.counts,
  };
}

export async function forwardAuth(build, issuer, settings = {}, address = '127.0.0.1:0') {
  const all = {
    oidc_issuer_url: issuer,
    client_id: 'gatelet-demo',
    client_secret: 'gatelet-demo-secret',
    cookie_secret: '0123456789!bcdef0123456789!bcdef',
    cookie_secure: 'false',
    cookie_name: 'gatelet_demo',
    insecure_allow_http_provider: 'true',
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const server = await start(`${build}/examples/forward_auth/forward_auth`, ['--ends-with-parent', '--http-address', address, ...args], 'listening on ');
  return { ...server, url: server.found };
}

// Cases one after the other; the process ends with a line `N passed, N failed`.
const cases = [];
export const test = (name, run) => cases.push({ name, run });
export function expect(condition, what) {
  if (!condition) throw new Error(what);
}
const within = (milliseconds, promise) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};
export async function runAll({ after } = {}) {
  let passed = 0, failed = 0;
  for (const { name, run } of cases) {
    const begun = Date.now();
    try {
      await within(60000, run());
      passed += 1;
    } catch (error) {
      failed += 1;
      console.log(`not ok ${name}: ${error.stack ?? error}`);
      for (const child of running) console.log(`--- ${child.spawnfile} said:\n${child.said.slice(-20).join('')}`);
    }
    if (after) await within(20000, after()).catch((error) => console.log(`after ${name}: ${error}`));
    console.log(`${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  }
  for (const child of running) child.kill('SIGKILL');
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
