// pages_test.mjs BUILD PICTURES: every page of ours in Chromium, at three widths and in both themes: pictures of it, no sideways
// scrolling at 320 px, nothing for axe-core to complain about, nothing blocked by its own Content-Security-Policy.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devIdp, expect, forwardAuth, freePort, runAll, stopAll, test } from '../node/servers.mjs';

const [build, pictures] = process.argv.slice(2);
const require = createRequire(`${process.env.TEST_NODE_MODULES}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(pictures, { recursive: true });

const browser = await chromium.launch({
  handleSIGINT: false,
  handleSIGTERM: false,
  handleSIGHUP: false,
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const described = (violation) => `${violation.id}: ${violation.nodes.map((node) => `${node.html} ${node.failureSummary}`).join('; ')}`;

// What axe-core complains about on the page as it is shown now. Evaluated from outside: the page's policy holds for itself.
async function complaints(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), tags);
  return violations.map(described);
}

const overflows = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

// What the page's own policy blocked; collected from the moment this is called.
function blocked(page) {
  const said = [];
  page.on('console', (message) => { if (/Content Security Policy/.test(message.text())) said.push(message.text()); });
  return said;
}

async function checkPage(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of [320, 768, 1280]) {
      await page.setViewportSize({ width, height: 720 });
      await page.screenshot({ path: `${pictures}/${name}-${width}-${colorScheme}.png`, fullPage: true });
      expect(!await overflows(page), `${name} scrolls sideways at ${width} px`);
    }
    const found = await complaints(page);
    expect(found.length === 0, `${name} in ${colorScheme}: ${found.join('\n')}`);
  }
  await page.keyboard.press('Tab');
  const ring = await page.evaluate(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    return document.activeElement === document.body || (outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2) ? '' : `${outlineStyle} ${outlineWidth}`;
  });
  expect(ring === '', `${name}: the focus is not to be seen: ${ring}`);
}

async function pageOf(settings = {}, contextOptions = {}) {
  const idp = await devIdp(build);
  const app = await forwardAuth(build, idp.issuer, settings);
  const context = await browser.newContext(contextOptions);
  const page = await context.newPage();
  return { idp, app, context, page, said: blocked(page) };
}

async function at(stage, path, status) {
  const answer = await stage.page.goto(stage.app.url + path);
  expect(answer.status() === status, `${path}: status ${answer.status()}, expected ${status}`);
  const body = await answer.body();
  expect(body.length < 10 * 1024, `${path}: ${body.length} bytes`);
  return answer;
}

// The state of a sign-in that this browser begins.
async function begin(stage) {
  const answer = await stage.context.request.get(`${stage.app.url}/oauth2/start?rd=/reports`, { maxRedirects: 0 });
  return new URL(answer.headers().location).searchParams.get('state');
}

test('axe-core and the measure find what is planted', async () => {
  const stage = await pageOf({ skip_provider_button: 'false' });
  await at(stage, '/oauth2/sign_in', 200);
  await stage.page.emulateMedia({ colorScheme: 'light' });
  await stage.page.evaluate(() => {
    const main = document.querySelector('main');
    main.insertAdjacentHTML('beforeend', '<input type="text"><p id="pale">pale</p><div id="wide">wide</div>');
    document.getElementById('pale').style.color = '#ccc';
    document.getElementById('wide').style.width = '3000px';
  });
  const found = (await complaints(stage.page)).join('\n');
  expect(/^label: /m.test(found), `no label: ${found}`);
  expect(/^color-contrast: /m.test(found), `pale text: ${found}`);
  expect(await overflows(stage.page), 'a wide element');
});

test('the policy blocks what is planted, and the console says so', async () => {
  const stage = await pageOf({ skip_provider_button: 'false' });
  await at(stage, '/oauth2/sign_in', 200);
  await stage.page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.planted = true';
    document.body.append(script);
  });
  expect(await stage.page.evaluate(() => globalThis.planted === undefined), 'the script ran');
  expect(stage.said.length >= 1, 'nothing was said');
});

test('sign-in page: one provider', async () => {
  const stage = await pageOf({ skip_provider_button: 'false', provider_display_name: 'the development provider' });
  await at(stage, '/reports', 403);
  await checkPage(stage.page, 'sign-in');
  expect(stage.said.length === 0, stage.said.join('\n'));
});

test('sign-in page: several providers, banner, footer and logo', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatelet-pages-'));
  writeFileSync(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><rect width="120" height="40" rx="8" fill="#1d5bcb"/></svg>');
  const idp = await devIdp(build);
  const app = await forwardAuth(build, idp.issuer, {
    'providers.corp.oidc_issuer_url': idp.issuer, 'providers.corp.client_id': 'gatelet-demo', 'providers.corp.client_secret': 'gatelet-demo-secret',
    'providers.corp.provider_display_name': 'Example Corporation of a Rather Long Name', provider_display_name: 'Everybody',
    'providers.corp.insecure_allow_http_provider': 'true', custom_sign_in_logo: join(folder, 'logo.svg'),
    banner: 'Members only. Ask the office for access.', footer: 'Example Ltd, 1 Example Street. The office answers from nine to five.',
  });
  const page = await (await browser.newContext()).newPage();
  const stage = { app, page, said: blocked(page) };
  await at(stage, '/oauth2/sign_in', 200);
  await checkPage(page, 'sign-in-several');
  await at(stage, '/oauth2/start?provider=nobody', 400);
  await checkPage(page, 'unknown-provider');
  expect(stage.said.length === 0, stage.said.join('\n'));
});

test('sign-in page: a form for user and password: wrong is said, right leads where it was meant to', async () => {
  const users = join(mkdtempSync(join(tmpdir(), 'gatelet-pages-')), 'users');
  writeFileSync(users, 'jane:$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6\n');
  const stage = await pageOf({ htpasswd_file: users, provider_display_name: 'the development provider' });
  await at(stage, '/reports?month=11', 403);
  await checkPage(stage.page, 'sign-in-form');
  await stage.page.fill('#username', 'jane');
  await stage.page.fill('#password', 'correct horsE');
  await stage.page.click('form.password button');
  await stage.page.waitForSelector('[role=alert]');
  expect(await stage.page.inputValue('#username') === 'jane' && await stage.page.inputValue('#password') === '', 'the name stays, the password does not');
  await checkPage(stage.page, 'sign-in-form-wrong');
  await stage.page.fill('#password', 'correct horse');
  await stage.page.keyboard.press('Enter');
  await stage.page.waitForURL(`${stage.app.url}/reports?month=11`);
  expect(/jane/.test(await stage.page.innerText('body')), await stage.page.innerText('body'));
  expect(stage.said.length === 0, stage.said.join('\n'));
});

test('error pages', async () => {
  const stage = await pageOf({ skip_provider_button: 'false' });
  await at(stage, '/oauth2/callback', 400);
  await checkPage(stage.page, 'bad-callback');
  const denied = await begin(stage);
  await at(stage, `/oauth2/callback?error=access_denied&state=${encodeURIComponent(denied)}`, 403);
  await checkPage(stage.page, 'denied');
  const lost = await begin(stage);
  await stage.context.clearCookies();
  await at(stage, `/oauth2/callback?code=c&state=${encodeURIComponent(lost)}`, 403);
  await checkPage(stage.page, 'lost');
  const shown = await stage.page.innerText('main');
  expect(/no cookies at all/.test(shown), shown);
  expect(/Request id/.test(shown) && /Time \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/.test(shown), shown);
  expect(stage.said.length === 0, stage.said.join('\n'));
});

test('error page: no provider, with the error itself where it is asked for', async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const app = await forwardAuth(build, nobody, { show_debug_on_error: 'true' });
  const page = await (await browser.newContext()).newPage();
  await at({ app, page }, '/reports', 502);
  await checkPage(page, 'provider-down-debug');
  expect(await page.locator('.error').count() === 1, await page.innerText('main'));
  const plain = await forwardAuth(build, nobody);
  await at({ app: plain, page }, '/reports', 502);
  expect(await page.locator('.error').count() === 0, await page.innerText('main'));
});

test('error page: not permitted', async () => {
  const stage = await pageOf({ email_domains: 'nowhere.example' });
  await stage.page.goto(`${stage.app.url}/reports`);
  await stage.page.click('button[value="alice"]');
  await stage.page.click('button[value="allow"]');
  expect(stage.page.url().startsWith(stage.app.url), stage.page.url());
  await checkPage(stage.page, 'not-permitted');
});

test('sign-out question and what follows', async () => {
  const stage = await pageOf();
  await stage.page.goto(`${stage.app.url.replace('127.0.0.1', 'localhost')}/ping`);
  await stage.page.setContent(`<a href="${stage.app.url}/oauth2/sign_out">look</a>`);
  await stage.page.click('a');
  await stage.page.waitForURL(`${stage.app.url}/oauth2/sign_out`);
  await checkPage(stage.page, 'sign-out-question');
  const signOut = await stage.context.request.post(`${stage.app.url}/oauth2/sign_out`, { headers: { origin: stage.app.url } });
  expect(signOut.status() < 400, `sign_out: ${signOut.status()}`);
  await at(stage, '/oauth2/signed_out', 403);
  await checkPage(stage.page, 'signed-out-unasked');
});

test('F-133: the fragment of a URL comes back after the sign-in; without script the way is the same but for it', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const stage = await pageOf({ skip_provider_button: 'false' }, { javaScriptEnabled });
    await stage.page.goto(`${stage.app.url}/reports?month=11#/inbox/4`);
    await stage.page.click('main a.button');
    await stage.page.click('button[value="alice"]');
    await stage.page.click('button[value="allow"]');
    await stage.page.waitForURL((url) => url.origin === stage.app.url);
    const expected = `${stage.app.url}/reports?month=11${javaScriptEnabled ? '#/inbox/4' : ''}`;
    expect(stage.page.url() === expected, `${stage.page.url()}, expected ${expected}`);
    expect(stage.said.length === 0, stage.said.join('\n'));
  }
});

test('F-131: an operator\'s templates: their own styles and scripts work, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatelet-pages-'));
  writeFileSync(join(folder, 'sign_in.html'), `{{define "sign_in.html"}}<!DOCTYPE html><html lang="en"><head><title>Welcome</title>
<style>h1 { color: rgb(1, 2, 3); }</style></head><body><main><h1 style="font-weight: 900">{{.SignInMessage}}</h1>
<form method="GET" action="{{.ProxyPrefix}}/start"><input type="hidden" name="rd" value="{{.Redirect}}"><button>Go on with {{.ProviderName}}</button></form>
<button id="close" onclick="this.hidden = true">Close</button></main><script>\r\n  document.body.dataset.ran = 'yes';\r\n</script></body></html>{{end}}`);
  writeFileSync(join(folder, 'error.html'), '<!DOCTYPE html><html lang="en"><title>{{.StatusCode}}</title><main><h1>{{.Title}}</h1><p>{{.Message}}</p></main></html>');
  const stage = await pageOf({ skip_provider_button: 'false', custom_templates_dir: folder, banner: 'Members & <b>friends</b>' });
  await at(stage, '/reports', 403);
  const look = await stage.page.evaluate(() => ({
    color: getComputedStyle(document.querySelector('h1')).color, weight: getComputedStyle(document.querySelector('h1')).fontWeight,
    text: document.querySelector('h1').textContent, ran: document.body.dataset.ran,
  }));
  expect(look.color === 'rgb(1, 2, 3)' && look.weight === '900' && look.ran === 'yes', JSON.stringify(look));
  expect(look.text === 'Members & <b>friends</b>', look.text);
  await stage.page.click('#close');
  expect(await stage.page.isHidden('#close'), 'the event attribute ran');
  expect(stage.said.length === 0, stage.said.join('\n'));
  await stage.page.click('form button');
  await stage.page.click('button[value="alice"]');
  await stage.page.click('button[value="allow"]');
  await stage.page.waitForURL(`${stage.app.url}/reports`);
  await at(stage, '/oauth2/callback', 400);
  expect(await stage.page.title() === '400', await stage.page.title());
});

await runAll({
  after: async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await stopAll();
  },
});
