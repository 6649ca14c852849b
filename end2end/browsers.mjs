// Main journeys in Firefox (with and without scripts) and WebKit: signing, the card, a report with
// a photo from filing to closing, live counts. Over https, where browsers honour `no-store`: a
// phone that is passed on. `node browsers.mjs [firefox|webkit…] ADDRESS`, with MANAGER, CHECKER and
// PASSWORD.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Browser, Builder, By, Capabilities, Select, error, until } from 'selenium-webdriver';
import firefox from 'selenium-webdriver/firefox.js';

const address = process.argv.at(-1);
const wanted = process.argv.slice(2, -1);
const PATIENCE = 15_000;
const photo = fileURLToPath(new URL('photo.jpg', import.meta.url));
// The after photo must differ: the same JPEG with EXIF orientation 3 (180 degrees).
const scratch = mkdtempSync(path.join(tmpdir(), 'browsers-'));
const after = path.join(scratch, 'after.jpg');
const turned = Buffer.from('ffe100224578696600004949' + '2a00080000000100120103000100000003000000' + '00000000', 'hex');
const jpeg = readFileSync(photo);
writeFileSync(after, Buffer.concat([jpeg.subarray(0, 2), turned, jpeg.subarray(2)]));

/** Starts a WebDriver server; resolves once it accepts sessions. */
async function driver(command, port, environment = {}) {
  const child = spawn(command, [`--port=${port}`], { stdio: 'ignore', env: { ...process.env, ...environment } });
  for (let i = 0; i < 100; i += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/status`).catch(() => undefined);
    if (answer?.ok) return child;
    await new Promise((wait) => { setTimeout(wait, 100); });
  }
  throw new Error(`${command} did not begin to listen`);
}

/** A virtual screen (Xvfb) for browsers without headless mode; its display name. */
async function screen() {
  const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x1024x24'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const [number] = await once(child.stdio[3], 'data');
  return { child, name: `:${number}`.trim() };
}

const BROWSERS = {
  firefox: {
    driver: async () => [await driver('geckodriver', 4601)],
    open: (scripts, waiting) => {
      const options = new firefox.Options().setAcceptInsecureCerts(true).addArguments('-headless').setBinary('/usr/bin/firefox-esr');
      options.setPreference('javascript.enabled', scripts).setPreference('intl.accept_languages', 'zh-CN, zh');
      options.setPageLoadStrategy(waiting);
      return new Builder().usingServer('http://127.0.0.1:4601').forBrowser(Browser.FIREFOX).setFirefoxOptions(options).build();
    },
    scripts: [true, false],
  },
  webkit: {
    driver: async () => {
      const { child, name } = await screen();
      return [await driver('WebKitWebDriver', 4602, { DISPLAY: name }), child];
    },
    open: (_scripts, waiting) => {
      const found = readdirSync('/usr/lib').map((machine) => `/usr/lib/${machine}/webkit2gtk-4.1/MiniBrowser`);
      const binary = found.find((file) => existsSync(file));
      const capabilities = new Capabilities({
        browserName: 'MiniBrowser',
        acceptInsecureCerts: true,
        pageLoadStrategy: waiting,
        'webkitgtk:browserOptions': { binary, args: ['--automation'] },
      });
      return new Builder().usingServer('http://127.0.0.1:4602').withCapabilities(capabilities).build();
    },
    scripts: [true],
  },
};

/** An https proxy in front of the server, with a self-signed certificate. */
async function encrypted() {
  const [key, cert] = ['key', 'cert'].map((name) => path.join(scratch, name));
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert,
  ], { stdio: 'ignore' });
  const proxy = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (asked, answer) => {
    const passed = request(address + asked.url, { method: asked.method, headers: asked.headers, agent: false }, (given) => {
      answer.writeHead(given.statusCode, given.rawHeaders);
      given.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return { url: `https://127.0.0.1:${proxy.address().port}`, end: () => { proxy.close(); proxy.closeAllConnections(); } };
}

/** Repeats read-only commands that WebKit fails to answer while a page unloads. */
function patient(browser) {
  const execute = browser.execute.bind(browser);
  const onlyLooks = (command) => /^(find|get|is|executeScript$)/.test(command.getName());
  browser.execute = async (command, tries = 5) => {
    try {
      return await execute(command);
    } catch (fault) {
      if (!(fault instanceof error.NoSuchFrameError) || !onlyLooks(command) || tries === 0) throw fault;
      return browser.execute(command, tries - 1);
    }
  };
  return browser;
}

/** User actions in a browser. */
function hand(browser, at = address) {
  const found = async (css) => browser.wait(until.elementLocated(By.css(css)), PATIENCE, css);
  // Centred, so that sticky bars do not cover the element; fails silently without scripts.
  const show = (element) => browser.executeScript('arguments[0].scrollIntoView({ block: "center" })', element).catch(() => {});
  const click = async (css) => {
    let element = await found(css);
    await show(element);
    await browser.wait(async () => {
      try {
        await element.click();
        return true;
      } catch (fault) {
        // Elements that only scripts show may not be interactable yet.
        if (fault instanceof error.ElementNotInteractableError) return false;
        // WebKit loses the answer to a click if the next page loads first.
        if (fault instanceof error.NoSuchFrameError) return true;
        // The page was replaced: before the click, then the element is there again; or by it.
        if (!(fault instanceof error.StaleElementReferenceError)) throw fault;
        [element] = await browser.findElements(By.css(css));
        return !element;
      }
    }, PATIENCE, css);
  };
  return {
    found,
    click,
    open: async (path) => {
      await browser.get(at + path);
      await browser.wait(until.urlContains(path), PATIENCE, path);
      await found('.top-bar, .footer, footer');
    },
    type: async (css, text) => { await (await found(css)).clear(); await (await found(css)).sendKeys(text); },
    choose: async (list, value) => {
      const element = await found(`select[name="${list}"]`);
      await show(element);
      await new Select(element).selectByValue(value);
    },
    at: (pattern) => browser.wait(until.urlMatches(pattern), PATIENCE, `${pattern}`),
    says: (css, words) => browser.wait(async () => {
      const elements = await browser.findElements(By.css(css));
      const texts = await Promise.all(elements.map((element) => element.getText().catch(() => '')));
      return texts.some((text) => text.includes(words));
    }, PATIENCE, `${css} says ${words}`),
  };
}

async function sign(browser, scripts) {
  const { open, click, type, choose, at, says, found } = hand(browser);
  await open('/sign?lang=zh');
  await click('input[name="pledges"][value="home"]');
  await type('input[name="name"]', '王测试');
  await choose('grid', 'grid-07');
  await click('input[name="consent"]');
  await click('.sticky-action button');
  await at(/\/signed$/);
  await says('.promise-card', '王测试');
  if (!scripts) return;
  await click('.card-picture button');
  const picture = await found('.card-picture__image');
  assert.match(await picture.getAttribute('src'), /^data:image\/png/);
}

/** Another browser signs, and the number on this page changes. */
async function watch(browser) {
  const { open, found } = hand(browser);
  await open('/');
  const number = await found('.hero__count .live-number');
  const before = await number.getText();
  const page = await fetch(`${address}/sign`);
  const cookie = page.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
  const body = new URLSearchParams({ name: '李测试', pledges: 'home', consent: 'on' });
  const answer = await fetch(`${address}/sign`, { method: 'POST', body, redirect: 'manual', headers: { cookie, origin: address } });
  assert.equal(answer.status, 303);
  await browser.wait(async () => (await number.getText()) !== before, PATIENCE, 'the count moves');
}

async function report(browser, scripts) {
  const { open, click, type, choose, at, says, found } = hand(browser);
  await open('/report');
  await click('input[name="category"][value="corridor"]');
  await type('input[name="place"]', '测试小区3号楼');
  await choose('grid', 'grid-07');
  await type('textarea[name="description"]', '三楼堆了旧家具');
  await (await found('input[name="photos"]')).sendKeys(photo);
  if (scripts) await found('.tile img');
  await click('input[name="consent"]');
  await click('.sticky-action button');
  await at(/\/reports\/[\w-]{22}$/);
  await says('h1', '已提交，待受理');
  await found('.picture img');
  return (await browser.getCurrentUrl()).split('/reports/')[1];
}

async function logIn(browser, login, url) {
  const { open, click, type, at } = hand(browser, url);
  await open('/console/login');
  await type('input[name="login"]', login);
  await type('input[name="password"]', process.env.PASSWORD);
  await click('main form button[type="submit"]');
  await at(/\/console$/);
}

/** From accepting to closing a report, by two staff members. */
async function handle(browser, code, scripts) {
  const { open, click, type, found, says, at } = hand(browser);
  await logIn(browser, process.env.MANAGER);
  await open(`/console/reports/${code}`);
  for (const action of ['accept', 'dispatch', 'start']) await click(`#form-${action} > button`);
  await type('#form-finish textarea[name="text"]', '旧家具已清走');
  await (await found('#form-finish input[type="file"]')).sendKeys(after);
  if (scripts) await found('#form-finish .tile img');
  await click('#form-finish > button');
  await says('main', '待核查');
  await click('form[action="/console/logout"] button');
  await at(/\/console\/login/);
  await logIn(browser, process.env.CHECKER);
  await open(`/console/reports/${code}`);
  await click('#form-check .chip');
  await click('#form-check > button');
  await says('main', '已结案');
  await click('form[action="/console/logout"] button');
  await at(/\/console\/login/);
}

/** Goes back several pages; none of them may show `words`. */
async function back(browser, times, words) {
  for (let i = 0; i < times; i += 1) {
    await browser.navigate().back();
    await new Promise((wait) => { setTimeout(wait, 700); });
    // Where WebKit keeps fewer pages behind, the last one back is the blank one before the first.
    const atBegin = async () => (await browser.getCurrentUrl()) === 'about:blank';
    const text = () => browser.findElement(By.css('body')).getText().catch(() => '');
    const seen = await browser.wait(async () => ((await atBegin()) ? 'about:blank' : text()), PATIENCE, 'a page');
    assert.ok(!seen.includes(words), `back at ${await browser.getCurrentUrl()} stands ${words}`);
  }
}

/** A phone that is passed on, and a console whose user logs out. */
async function handOn(browser, code, url) {
  const { open, click, type, at, says } = hand(browser, url);
  await open('/sign?lang=zh');
  await click('input[name="pledges"][value="home"]');
  await type('input[name="name"]', '前一位测试');
  await click('input[name="consent"]');
  await click('.sticky-action button');
  await at(/\/signed$/);
  await open('/me');
  await says('main', '前一位测试');
  await open('/me/data');
  await says('main', '前一位测试');
  await open('/signed');
  await click('form[action="/sign/next"] button');
  await at(/\/sign$/);
  await back(browser, 4, '前一位测试');
  await logIn(browser, process.env.MANAGER, url);
  await open(`/console/reports/${code}`);
  await says('main', '三楼堆了旧家具');
  await open('/console/account');
  await click('form[action="/console/logout"] button');
  await at(/\/console\/login/);
  await back(browser, 3, '三楼堆了旧家具');
}

/** Runs some work in a new browser; takes a screenshot if it fails. */
async function inBrowser(name, scripts, waiting, work) {
  const browser = patient(await BROWSERS[name].open(scripts, waiting));
  try {
    return await work(browser);
  } catch (fault) {
    const picture = fileURLToPath(new URL(`../target/browsers-${name}.png`, import.meta.url));
    writeFileSync(picture, await browser.takeScreenshot(), 'base64');
    console.error(`  ${name} stands at ${await browser.getCurrentUrl()}, pictured in ${picture}`);
    throw fault;
  } finally {
    await browser.quit();
  }
}

const https = await encrypted();
for (const [name, kind] of Object.entries(BROWSERS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const driving = await kind.driver();
  try {
    for (const scripts of kind.scripts) {
      const code = await inBrowser(name, scripts, 'normal', async (browser) => {
        await sign(browser, scripts);
        if (scripts) await watch(browser);
        const code = await report(browser, scripts);
        await handle(browser, code, scripts);
        await hand(browser).open(`/reports/${code}`);
        await hand(browser).says('h1', '已办结');
        return code;
      });
      // WebKit's driver hangs on back navigation to a page that reloads itself.
      await inBrowser(name, scripts, 'none', (browser) => handOn(browser, code, https.url));
      console.log(`  ${name}, scripts ${scripts ? 'on' : 'off'}: signs, reports, handles, closes, is handed on`);
    }
  } finally {
    for (const child of driving) child.kill();
  }
}
https.end();
rmSync(scratch, { recursive: true });
