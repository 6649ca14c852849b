// The lobby board stays open for days: memory is measured after 48,000 events, as many as in over
// three hours at four a second, sent within seconds.
import type { CDPSession, Page } from '@playwright/test';
import { expect, test } from '../server.ts';

/** Events per connection; then the connection ends and the page reconnects. */
const EVENTS = 4000;

interface Use { nodes: number; listeners: number; heap: number; wasm: number }

async function use(page: Page, tools: CDPSession): Promise<Use> {
  for (let i = 0; i < 3; i += 1) await tools.send('HeapProfiler.collectGarbage');
  const { nodes, jsEventListeners: listeners } = await tools.send('Memory.getDOMCounters');
  const { usedSize: heap } = await tools.send('Runtime.getHeapUsage');
  const wasm = await page.evaluate(async () => {
    const { js } = document.querySelector<HTMLElement>('script[data-js]')!.dataset;
    // Calling the loader again returns the running wasm instance.
    const program = (await import(js!)) as { default: () => Promise<{ memory: WebAssembly.Memory }> };
    return (await program.default()).memory.buffer.byteLength;
  });
  return { nodes, listeners, heap, wasm };
}

test('busy hours leave nothing behind on the board', async ({ page, server }) => {
  test.setTimeout(120_000);
  await page.clock.install();
  const counts = (await (await fetch(`${server.url}/counts.json`)).json()) as { revision: number; signatures: number };
  let connections = 0;
  await page.route('**/live', (route) => {
    connections += 1;
    const events = Array.from({ length: EVENTS }, () => {
      counts.revision += 1;
      counts.signatures += 1;
      return `event: counts\nid: ${counts.revision}\ndata: ${JSON.stringify(counts)}\n\n`;
    });
    return route.fulfill({ contentType: 'text/event-stream', body: events.join('') });
  });
  await page.route('**/screen/messages', (route) =>
    route.fulfill({ json: Array.from({ length: 5 }, (_, i) => ({ text: `第${connections}次的寄语${i}`, who: '王**' })) }));
  await page.goto('/screen');
  await page.clock.pauseAt(Date.now() + 60_000);
  const number = page.locator('.board__count .unseen');
  /** Lets the page make `more` connections. */
  const live = async (more: number): Promise<void> => {
    for (const until = connections + more; connections < until;) await page.clock.runFor(5000);
    await page.clock.runFor(61_000);
    // The clock is paused: once the newest count is shown, no event is pending.
    const newest = async (): Promise<boolean> => (await number.textContent()) === counts.signatures.toLocaleString('en');
    await expect.poll(newest, { timeout: 30_000 }).toBe(true);
  };
  const tools = await page.context().newCDPSession(page);
  await live(3);
  const early = await use(page, tools);
  await live(12);
  const late = await use(page, tools);
  const told = JSON.stringify({ connections, early, late });
  console.log(`  ${told}`);
  expect(late.nodes, told).toBeLessThanOrEqual(early.nodes + 50);
  expect(late.listeners, told).toBeLessThanOrEqual(early.listeners + 20);
  expect(late.wasm, told).toBe(early.wasm);
  expect(late.heap, told).toBeLessThanOrEqual(early.heap * 1.1);
});
