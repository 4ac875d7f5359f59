// browser_test.mjs BUILD PICTURES: Chromium through the whole sign-in, as a person meets it. Screenshots stay in PICTURES.
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { devIdp, expect, forwardAuth, freePort, runAll, stop, stopAll, test } from '../node/servers.mjs';

const [build, pictures] = process.argv.slice(2);
const require = createRequire(`${process.env.TEST_NODE_MODULES}/`);
const { chromium } = require('playwright-core');
mkdirSync(pictures, { recursive: true });

const browser = await chromium.launch({
  handleSIGINT: false,
  handleSIGTERM: false,
  handleSIGHUP: false,
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// A provider, a protected page and a browser of their own for every case.
async function stageFor(settings = {}, idpArgs = [], { address, ...contextOptions } = {}) {
  const idp = await devIdp(build, idpArgs);
  const app = await forwardAuth(build, idp.issuer, { end_session: 'true', ...settings }, address);
  const context = await browser.newContext(contextOptions);
  const page = await context.newPage();
  return { idp, app, context, page };
}

let shot = 0;
const picture = async (page, name) => page.screenshot({ path: `${pictures}/${String(++shot).padStart(2, '0')}-${name}.png`, fullPage: true });

async function answerProvider(page, who = 'alice') {
  await page.click(`button[value="${who}"]`);
  await page.click('button[value="allow"]');
}
async function signIn({ page, app }, who = 'alice', path = '/reports') {
  await page.goto(app.url + path);
  await answerProvider(page, who);
  await page.waitForURL(app.url + path);
}
const sessionCookies = async ({ context, app }) => (await context.cookies(app.url)).filter((c) => /^gatelet_demo(_\d+)?$/.test(c.name));
const text = (page) => page.innerText('body');

test('sign in: the way leads back to the page that was asked for', async () => {
  const stage = await stageFor();
  await stage.page.goto(stage.app.url + '/reports?month=11');
  expect(stage.page.url().startsWith(stage.idp.issuer), `at ${stage.page.url()}`);
  await picture(stage.page, 'provider');
  await answerProvider(stage.page);
  await stage.page.waitForURL(stage.app.url + '/reports?month=11');
  expect((await text(stage.page)).includes('Hello, alice'), await text(stage.page));
  await picture(stage.page, 'signed-in');
  await stage.page.setViewportSize({ width: 900, height: 520 });
  await stage.page.screenshot({ path: `${pictures}/readme.png` });  // README shows it: examples/guide/signed-in.png
  await stage.page.emulateMedia({ colorScheme: 'dark' });
  await picture(stage.page, 'signed-in-dark');
  const cookies = await sessionCookies(stage);
  expect(cookies.length >= 1 && cookies.every((c) => c.httpOnly), JSON.stringify(cookies));
  expect((await stage.context.cookies(stage.app.url)).every((c) => !c.name.endsWith('_csrf')), 'the login-state cookie is gone');
});

test('the sign-in page asks first where a button is wanted', async () => {
  const stage = await stageFor({ skip_provider_button: 'false', provider_display_name: 'the development provider' });
  const answer = await stage.page.goto(stage.app.url + '/reports');
  expect(answer.status() === 403, `status ${answer.status()}`);
  await picture(stage.page, 'sign-in-page');
  await stage.page.setViewportSize({ width: 320, height: 640 });
  await picture(stage.page, 'sign-in-page-320');
  expect(await stage.page.evaluate(() => document.documentElement.scrollWidth <= 320), 'fits 320 px');
  await stage.page.click('a[href*="/oauth2/start"], button');
  await answerProvider(stage.page);
  await stage.page.waitForURL(stage.app.url + '/reports');
});

test('deny consent: a page says so, no session, and another try works', async () => {
  const stage = await stageFor();
  await stage.page.goto(stage.app.url + '/reports');
  await stage.page.click('button[value="alice"]');
  await stage.page.click('button[value="deny"]');
  expect(stage.page.url().startsWith(stage.app.url), stage.page.url());
  await picture(stage.page, 'denied');
  expect((await text(stage.page)).includes('access_denied'), await text(stage.page));
  expect((await sessionCookies(stage)).length === 0, 'no session');
  await stage.page.click('main a');
  await answerProvider(stage.page);
  await stage.page.waitForURL((url) => url.origin === stage.app.url);
  expect((await text(stage.page)).includes('Hello, alice'), await text(stage.page));
});

test('sign out: no cookie is left, the provider forgot too, the page asks again', async () => {
  const stage = await stageFor();
  await signIn(stage);
  await stage.page.click('button:has-text("Sign out")');
  await stage.page.waitForURL((url) => url.origin === stage.app.url || url.href.startsWith(stage.idp.issuer));
  await stage.page.waitForLoadState();
  await picture(stage.page, 'signed-out');
  expect((await sessionCookies(stage)).length === 0, JSON.stringify(await sessionCookies(stage)));
  expect((await stage.idp.counts()).sign_outs === 1, 'the provider was told');
  await stage.page.goto(stage.app.url + '/reports');
  expect((await text(stage.page)).includes('Who are you?'), await text(stage.page));
});

test('another site cannot sign anybody out by a link', async () => {
  const stage = await stageFor();
  await signIn(stage);
  const other = stage.app.url.replace('127.0.0.1', 'localhost');
  await stage.page.goto(other + '/ping');
  await stage.page.setContent(`<a href="${stage.app.url}/oauth2/sign_out">look</a>`);
  await stage.page.click('a');
  await stage.page.waitForURL(stage.app.url + '/oauth2/sign_out');
  await picture(stage.page, 'sign-out-question');
  expect((await sessionCookies(stage)).length >= 1, 'still signed in');
  await stage.page.click('button');
  await stage.page.waitForLoadState();
  expect((await sessionCookies(stage)).length === 0, 'signed out after the question');
});

test('two tabs at once: both sign-ins work', async () => {
  const stage = await stageFor();
  const second = await stage.context.newPage();
  await stage.page.goto(stage.app.url + '/first');
  await second.goto(stage.app.url + '/second');
  await answerProvider(second);
  await second.waitForURL(stage.app.url + '/second');
  await answerProvider(stage.page);
  await stage.page.waitForURL(stage.app.url + '/first');
  expect((await stage.idp.counts())['grants.authorization_code'] === 2, 'two codes, each once');
});

test('the back button and a bookmarked callback lead on, never round and round', async () => {
  const stage = await stageFor();
  let callback = '';
  stage.page.on('request', (request) => { if (request.url().includes('/oauth2/callback')) callback = request.url(); });
  await signIn(stage);
  expect(callback !== '', 'the callback was seen');
  await stage.page.goto(callback);
  expect(stage.page.url() === stage.app.url + '/reports', stage.page.url());
  await stage.page.goBack();
  await stage.page.goto(stage.app.url + '/reports');
  expect((await text(stage.page)).includes('Hello, alice'), await text(stage.page));
  expect((await stage.idp.counts()).codes_used_twice === 0, 'the code was sent once');

  const stranger = await (await browser.newContext()).newPage();
  const answer = await stranger.goto(callback);
  expect(answer.status() === 403, `status ${answer.status()}`);
  await picture(stranger, 'stale-callback');
  expect((await stage.idp.counts()).codes_used_twice === 0, 'a stranger cannot spend it either');
});

test('an expired login attempt is refused with a way to try again', async () => {
  const stage = await stageFor();
  await stage.page.goto(stage.app.url + '/reports');
  await stage.context.clearCookies({ name: /_csrf$/ });
  await answerProvider(stage.page);
  expect(stage.page.url().startsWith(stage.app.url + '/oauth2/callback'), stage.page.url());
  await picture(stage.page, 'expired-attempt');
  expect((await sessionCookies(stage)).length === 0, 'no session');
  expect((await stage.idp.counts())['grants.authorization_code'] === 0, 'nothing was sent');
  await stage.page.click('main a');
  await stage.page.waitForURL((url) => url.origin === stage.app.url);
  expect((await text(stage.page)).includes('Hello, alice'), await text(stage.page));
});

test('the provider fails while signing in: a page with a way on, then it works', async () => {
  const stage = await stageFor();
  await stage.page.goto(stage.app.url + '/reports');
  await stage.idp.misbehave('token-500');
  await answerProvider(stage.page);
  await picture(stage.page, 'provider-failed');
  const shown = await text(stage.page);
  expect(!shown.includes('canary'), 'nothing of the provider is shown');
  expect((await sessionCookies(stage)).length === 0, 'no session');
  await stage.page.click('main a');
  await stage.page.waitForURL((url) => url.origin === stage.app.url);
  expect((await text(stage.page)).includes('Hello, alice'), await text(stage.page));
});

test('the provider is down: 502 and a retry that works once it is back', async () => {
  const idp = await devIdp(build);
  const port = new URL(idp.issuer).port;
  await stop(idp);
  const app = await forwardAuth(build, idp.issuer);
  const page = await (await browser.newContext()).newPage();
  const answer = await page.goto(app.url + '/reports');
  expect(answer.status() === 502, `status ${answer.status()}`);
  await picture(page, 'provider-down');
  const again = await devIdp(build, ['--port', port]);
  expect(again.issuer === idp.issuer, again.issuer);
  // The engine leaves a provider that failed alone for a second: a person clicks until it works.
  const deadline = Date.now() + 10000;
  while (!(await text(page)).includes('Who are you?') && Date.now() < deadline) await page.click('main a');
  expect((await text(page)).includes('Who are you?'), await text(page));
});

test('form_post: the answer arrives by a form, through SameSite', async () => {
  // A secure context is needed for SameSite=None cookies; browsers treat loopback as one only for Secure cookies.
  // Then a derived redirect_uri would be https, so it is named here.
  const port = await freePort();
  const stage = await stageFor({ auth_request_response_mode: 'form_post', cookie_secure: 'true', redirect_url: `http://127.0.0.1:${port}/oauth2/callback` }, [],
    { address: `127.0.0.1:${port}` });
  await signIn(stage);
  expect((await text(stage.page)).includes('Hello, alice'), await text(stage.page));
});

test('many requests at once while tokens are due: one refresh, nobody signed out', async () => {
  // The page forbids scripts of its own; this one is the test's.
  const stage = await stageFor({}, ['--token-lifetime', '2'], { bypassCSP: true });
  await signIn(stage);
  await stage.page.waitForTimeout(1200);  // the second half of their life
  const statuses = await stage.page.evaluate(() =>
    Promise.all(Array.from({ length: 12 }, (_, i) => fetch('/data/' + i).then((answer) => answer.status))));
  expect(statuses.every((status) => status === 200), JSON.stringify(statuses));
  const counts = await stage.idp.counts();
  expect(counts['grants.refresh_token'] >= 1, JSON.stringify(counts));
  expect(counts.refresh_tokens_used_twice === 0, JSON.stringify(counts));
  await stage.page.reload();
  expect((await text(stage.page)).includes('Hello, alice'), await text(stage.page));
});

// A page of another site (localhost is none of 127.0.0.1's) that shows the application in a frame: signing in, which begins by
// itself at the top only, and signed in; then the application by itself. How often somebody signed in for both.
async function signInsFramedAndAlone(partitioned) {
  const address = `127.0.0.1:${await freePort()}`;
  const redirectUrl = `http://${address}/oauth2/callback`;  // Chromium keeps secure cookies of this machine by plain http
  const settings = { cookie_secure: 'true', cookie_samesite: 'none', cookie_csrf_samesite: 'none', cookie_partitioned: partitioned, redirect_url: redirectUrl };
  const stage = await stageFor(settings, [], { address, bypassCSP: true });
  await stage.idp.post('answer', { username: 'alice' });
  const site = createServer((question, answer) => answer.setHeader('Content-Type', 'text/html').end(`<iframe src="${stage.app.url}${question.url}"></iframe>`));
  await once(site.listen(0, '127.0.0.1'), 'listening');
  try {
    let answers;
    for (const visit of ['/oauth2/start?rd=%2Freports', '/reports']) {
      // Its page forbids frames, as the demo's own rule, so the browser shows and tells nothing: its log says what it answered.
      answers = () => [...stage.app.child.said.join('').matchAll(/GET - "\/reports" HTTP\/1.1 "[^"]*" (\d+)/g)].map((line) => line[1]);
      const before = answers().length;
      await stage.page.goto(`http://localhost:${site.address().port}${visit}`);
      for (const end = Date.now() + 5000; answers().length === before && Date.now() < end;) await stage.page.waitForTimeout(20);
    }
    const shown = answers().join(), framed = (await stage.idp.counts())['grants.authorization_code'];
    await stage.page.goto(stage.app.url + '/reports');
    expect((await text(stage.page)).includes('Hello, alice'), await text(stage.page));
    return { shown, framed, all: (await stage.idp.counts())['grants.authorization_code'] };
  } finally {
    site.close();
  }
}

test('F-255: partitioned cookies: a frame of another site signs in once, and shares no session with the site itself', async () => {
  const apart = await signInsFramedAndAlone('true');
  expect(apart.shown === '200,200' && apart.framed === 1 && apart.all === 2, JSON.stringify(apart));
  // Without, a browser either keeps a frame's cookies out altogether, or lets it share the session.
  const other = await signInsFramedAndAlone('false');
  expect(other.all === 1, JSON.stringify(other));
});

await runAll({
  after: async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await stopAll();
  },
});
