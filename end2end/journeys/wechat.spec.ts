// In WeChat, with an app id: the page passes its share card to WeChat with a configuration signed
// by our endpoint. The WeChat servers are fakes, as documented.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '../server.ts';

const TICKET = 'ticket-of-a-journey';

async function api(): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'application/json');
    const path = new URL(request.url!, 'http://x').pathname;
    response.end(JSON.stringify(path === '/cgi-bin/stable_token'
      ? { access_token: 'token', expires_in: 7200 }
      : { errcode: 0, errmsg: 'ok', ticket: TICKET, expires_in: 7200 }));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return server;
}

test.use({ userAgent: 'Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0 Mobile Safari/537.36 MicroMessenger/8.0.40' });

test('a page puts its card to WeChat', async ({ page, startServer }, info) => {
  const wechat = await api();
  const secret = info.outputPath('secret');
  await writeFile(secret, 'secret');
  // The card has the public URL; `localhost` resolves to the test server.
  const port = 20_000 + (process.pid % 20_000);
  const url = `http://localhost:${port}`;
  await startServer({
    LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
    CHUANGQUAN_PUBLIC_URL: url,
    CHUANGQUAN_WECHAT_APP_ID: 'wxjourney',
    CHUANGQUAN_WECHAT_SECRET_FILE: secret,
    CHUANGQUAN_WECHAT_API: `http://127.0.0.1:${(wechat.address() as AddressInfo).port}`,
  });
  // Fake of WeChat's script, as documented: it records its calls.
  await page.route('https://res.wx.qq.com/open/js/jweixin-1.6.0.js', (route) => route.fulfill({
    contentType: 'text/javascript',
    body: `window.told = {}; window.wx = {
      config: (config) => { told.config = config; },
      ready: (then) => then(),
      updateAppMessageShareData: (card) => { told.message = card; },
      updateTimelineShareData: (card) => { told.timeline = card; },
    };`,
  }));
  await page.goto(`${url}/sign?grid=grid-01`);
  const told = await (await page.waitForFunction(() => {
    const { told } = window as unknown as { told?: { timeline?: unknown } };
    return told?.timeline && told;
  })).jsonValue() as Record<'config' | 'message' | 'timeline', Record<string, string>>;
  const { nonceStr, timestamp, signature, appId } = told.config;
  const text = `jsapi_ticket=${TICKET}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}/sign?grid=grid-01`;
  expect(signature).toBe(createHash('sha1').update(text).digest('hex'));
  expect(appId).toBe('wxjourney');
  expect(told.message).toMatchObject({ title: '共建全国文明城区', imgUrl: `${url}/share.png`, link: `${url}/sign?grid=grid-01` });
  const picture = await fetch(`${url}/share.png`);
  expect(picture.headers.get('content-type')).toBe('image/png');
  // A personal page is not shared: its card links to the home page.
  await page.goto(`${url}/me`);
  await expect.poll(() => page.evaluate(() => (window as unknown as { told?: typeof told }).told?.message?.link)).toBe(`${url}/`);
  wechat.close();
});
