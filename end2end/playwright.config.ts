// The same journeys with JavaScript on and off, in Debian's Chromium. Each worker
// starts a server of its own (see server.ts), so there is nothing to wait for here.
import { defineConfig } from '@playwright/test';
import { launchOptions } from './chromium.ts';

const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 1,
  hasTouch: true,
  locale: 'zh-CN',
  timezoneId: 'Asia/Shanghai',
};

export default defineConfig({
  testDir: 'journeys',
  outputDir: '../target/end2end',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 30_000,
  expect: { timeout: 5_000 },
  reporter: [['list']],
  use: {
    trace: 'retain-on-failure',
    // It would answer in place of what a test puts before the server (see offline.spec.ts).
    serviceWorkers: 'block',
    launchOptions,
  },
  projects: [
    { name: 'js', use: { ...phone } },
    // What only scripts can do has no counterpart here; axe is itself a script, and sees
    // the page without ours in its own way.
    { name: 'no-js', use: { ...phone, javaScriptEnabled: false }, testIgnore: /(islands|axe|weight|offline|wechat|sizes|memory|keyboard)\.spec\.ts/ },
    // What is handled together is handled on the other database, too.
    { name: 'postgres', use: { ...phone }, testMatch: /(report|casework)\.spec\.ts/ },
  ],
});
