// proxies_test.mjs BUILD SOURCE: Chromium through nginx and Caddy, with the recipes of examples/forward_auth, to an application behind them.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devIdp, expect, forwardAuth, freePort, runAll, startProxy, stopAll, test } from '../node/servers.mjs';

const [build, source] = process.argv.slice(2);
const require = createRequire(`${process.env.TEST_NODE_MODULES}/`);
const { chromium } = require('playwright-core');

const browser = await chromium.launch({
  handleSIGINT: false,
  handleSIGTERM: false,
  handleSIGHUP: false,
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// Shows the headers it got.
const applications = new Set();
async function application() {
  const server = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(`<h1>the application</h1><p>${request.url.replace(/&/g, '&amp;')}</p><pre>${JSON.stringify(request.headers)}</pre>` +
      '<form method="post" action="/oauth2/sign_out"><button>Sign out</button></form>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  applications.add(server);
  return server.address().port;
}

const PROXIES = {
  nginx: {
    recipe: 'nginx.conf',
    config: (site, folder) => `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; ${process.getuid() === 0 ? 'user root;' : ''} events {}\n` +
      `http { access_log off; ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((k) => `${k}_temp_path ${folder}/${k};`).join(' ')}\n` +
      site.replaceAll('_oauth2_proxy', 'gatelet_demo') + '}\n',
    command: (file, folder) => ['nginx', ['-p', folder, '-c', file]],
  },
  Caddy: {
    recipe: 'Caddyfile',
    config: (site) => `{\n\tadmin off\n\tauto_https off\n}\n${site}`,
    command: (file) => ['caddy', ['run', '--config', file, '--adapter', 'caddyfile']],
  },
};

async function stageFor(kind, settings = {}) {
  const { recipe, config, command } = PROXIES[kind];
  const idp = await devIdp(build);
  const auth = await forwardAuth(build, idp.issuer, { reverse_proxy: 'true', trusted_proxy_ips: '127.0.0.1', set_xauthrequest: 'true', end_session: 'true', ...settings });
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'gatelet-'));
  const site = readFileSync(`${source}/examples/forward_auth/${recipe}`, 'utf8').replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:4180', auth.url.split('//')[1]).replaceAll('127.0.0.1:9000', `127.0.0.1:${await application()}`);
  writeFileSync(`${folder}/config`, config(site, folder));
  const url = `http://127.0.0.1:${port}`;
  await startProxy(...command(`${folder}/config`, folder), url, folder);
  const context = await browser.newContext({ extraHTTPHeaders: { 'X-Forwarded-User': 'planted', 'X-Auth-Request-Email': 'planted' } });
  return { idp, url, context, page: await context.newPage() };
}

for (const kind of Object.keys(PROXIES)) {
  if (spawnSync('which', [kind.toLowerCase()]).status !== 0) {
    console.log(`skip a browser through ${kind}: it is not installed`);
    continue;
  }
  test(`a browser through ${kind}: sign in, a deep link with its query, the identity, sign out`, async () => {
    const { idp, url, context, page } = await stageFor(kind);
    const deep = '/reports/2026?month=11&name=a%20b%26c';
    await page.goto(url + deep);
    expect(page.url().startsWith(idp.issuer), page.url());
    await page.click('button[value="alice"]');
    await page.click('button[value="allow"]');
    await page.waitForURL(url + deep);
    const headers = JSON.parse(await page.innerText('pre'));
    expect(headers['x-forwarded-user'] === 'u-1001' && headers['x-forwarded-email'] === 'alice@example.org', JSON.stringify(headers));
    expect(!JSON.stringify(headers).includes('planted'), JSON.stringify(headers));
    expect((await page.innerText('p')) === deep, await page.innerText('p'));
    await page.click('button');
    await page.waitForLoadState();
    expect(!(await context.cookies(url)).some((c) => /^gatelet_demo(_\d+)?$/.test(c.name)), 'the session is gone');
    await page.goto(url + deep);
    expect(page.url().startsWith(idp.issuer), page.url());
  });
  test(`a browser through ${kind}: a renewed session stays`, async () => {
    const { idp, url, context, page } = await stageFor(kind, { cookie_refresh: '1s' });
    await page.goto(url + '/');
    await page.click('button[value="alice"]');
    await page.click('button[value="allow"]');
    await page.waitForURL(url + '/');
    const session = async () => (await context.cookies(url)).filter((c) => /^gatelet_demo(_\d+)?$/.test(c.name)).map((c) => c.value).join();
    const before = await session();
    await new Promise((done) => setTimeout(done, 2100));
    await page.reload();
    expect((await page.innerText('h1')) === 'the application', await page.innerText('body'));
    expect((await session()) !== before && (await idp.counts())['grants.refresh_token'] >= 1, 'renewed');
  });
}

await runAll({
  after: async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    for (const server of applications) server.close();
    applications.clear();
    await stopAll();
  },
});
