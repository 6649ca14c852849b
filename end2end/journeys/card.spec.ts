// 文明承诺卡: an image with a QR code that can be decoded, and a recovery phrase.
import jsQR from 'jsqr';
import { expect, sign, test } from '../server.ts';

// CommonJS: the shape of the import depends on the loader.
type Decode = typeof jsQR.default;
const decode: Decode = (jsQR as { default?: Decode }).default ?? (jsQR as unknown as Decode);

test('the card is made into a picture whose code leads here', async ({ page, server, javaScriptEnabled }) => {
  await page.goto('/sign');
  await sign(page, '王测试', ['美丽家园齐创建', '邻里和睦传美德']);
  await expect(page.getByRole('img', { name: /二维码/ })).toBeVisible();
  if (!javaScriptEnabled) {
    await expect(page.getByRole('button', { name: '做成图片' })).toBeHidden();
    return;
  }
  await page.getByRole('button', { name: '做成图片' }).click();
  const picture = page.getByRole('img', { name: /王测试的文明承诺卡，第 [\d,]+ 位/ });
  await expect(picture).toBeVisible();
  // Passed as text: as an array, three million numbers take the browser 30 seconds.
  const { width, height, pixels } = await picture.evaluate((image: HTMLImageElement) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext('2d')!;
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let bytes = '';
    for (let at = 0; at < data.length; at += 8192) bytes += String.fromCharCode(...data.subarray(at, at + 8192));
    return { width: canvas.width, height: canvas.height, pixels: btoa(bytes) };
  });
  expect([width, height]).toEqual([750, 1200]);
  const data = new Uint8ClampedArray(Buffer.from(pixels, 'base64'));
  expect(decode(data, width, height)?.data).toBe(server.url);
  await expect(page.getByRole('link', { name: '下载图片' })).toHaveAttribute('download', /\.png$/);
});

test('on paper there is the card alone', async ({ page }) => {
  await page.goto('/sign');
  await sign(page, '李测试');
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('article', { name: '文明承诺卡' })).toBeVisible();
  for (const rest of [page.getByRole('button', { name: '换人签名' }), page.getByRole('navigation'), page.getByRole('contentinfo')]) {
    await expect(rest).toBeHidden();
  }
});

test('a phrase gives the signature back in another browser', async ({ page, browser, server, javaScriptEnabled }) => {
  await page.goto('/sign');
  await sign(page, '陈测试');
  await page.getByText('留个找回口令').click();
  await page.getByRole('button', { name: '生成口令' }).click();
  const phrase = (await page.locator('.phrase').textContent())!;
  const other = await browser.newContext({ baseURL: server.url, javaScriptEnabled });
  const phone = await other.newPage();
  await phone.goto('/me');
  await phone.getByRole('link', { name: /用口令找回/ }).click();
  await phone.getByLabel('16位数字的口令').fill(phrase);
  await phone.getByRole('button', { name: '找回我的签名和反映' }).click();
  await expect(phone).toHaveURL(/\/me$/);
  await expect(phone.getByText('陈测试')).toBeVisible();
  await other.close();
});
