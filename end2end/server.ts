// Test fixture: a real server on a free port with its own database, and pages that fail their test
// on browser errors or warnings.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test as base, expect, type Page } from '@playwright/test';

const root = path.dirname(import.meta.dirname);
const program = process.env.PROGRAM ?? path.join(root, 'target', 'release', 'chuangquan');

/** Password of every test account. */
export const password = 'correct horse battery';

export class Server {
  private constructor(
    readonly url: string,
    readonly folder: string,
    private readonly process: ChildProcess,
    private readonly settings: Record<string, string>,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const folder = await mkdtemp(path.join(tmpdir(), 'chuangquan-'));
    const all = {
      LEPTOS_SITE_ADDR: '127.0.0.1:0',
      CHUANGQUAN_DATABASE_URL: `sqlite://${folder}/chuangquan.db`,
      CHUANGQUAN_SECRET_FILE: `${folder}/secret`,
      CHUANGQUAN_PHOTO_STORE: `${folder}/photos`,
      // Journeys sign too fast for the rules; src/tests/fraud.rs tests with the rules on.
      CHUANGQUAN_LIMITS: 'off',
      RUST_LOG: 'warn',
      ...settings,
    };
    const child = spawn(program, ['serve'], {
      cwd: root,
      env: { ...process.env, ...all },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const url = await new Promise<string>((resolve, reject) => {
      child.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
      createInterface({ input: child.stdout! }).on('line', (line) => {
        const found = line.match(/http:\/\/[\d.]+:\d+/);
        if (found) resolve(found[0]);
      });
    });
    return new Server(url, folder, child, all);
  }

  /** Adds a staff account with `staff add` of the program. */
  addStaff(login: string, name: string, role: string, ...scope: string[]): void {
    const done = spawnSync(
      program,
      ['staff', 'add', login, '--name', name, '--role', role, '--password-stdin', ...scope],
      { cwd: root, env: { ...process.env, ...this.settings }, input: password },
    );
    expect(done.status, done.stderr.toString()).toBe(0);
  }

  /** Stops the server; fails if it does not exit cleanly. */
  async stop(): Promise<void> {
    const ended = new Promise<number | null>((resolve) => this.process.on('exit', resolve));
    this.process.kill('SIGTERM');
    const code = await ended;
    await rm(this.folder, { recursive: true });
    expect(code, 'how the server ended').toBe(0);
  }
}

/** A new database in the PostgreSQL cluster that `make journeys` starts. */
function newDatabase(worker: number): Record<string, string> {
  const cluster = process.env.DATABASE_URL_POSTGRES;
  if (!cluster) throw new Error('this project needs a PostgreSQL cluster: run `make journeys`');
  const name = `journeys_${process.pid}_${worker}`;
  const made = spawnSync('psql', [cluster, '-qc', `CREATE DATABASE ${name}`]);
  expect(made.status, made.stderr?.toString()).toBe(0);
  return { CHUANGQUAN_DATABASE_URL: cluster.replace(/\/[^/]*$/, `/${name}`) };
}

/** Collects errors and warnings of the browser. */
export function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on('console', (message) => {
    const blocked = message.text().startsWith('Service Worker registration blocked');
    if (!blocked && (message.type() === 'error' || message.type() === 'warning')) found.push(message.text());
  });
  page.on('pageerror', (error) => {
    // Chromium's error for a view transition that was skipped.
    if (!String(error).includes('Transition was')) found.push(String(error));
  });
  return found;
}

interface PerTest {
  /** Browser errors that this test expects. */
  expectedComplaints: RegExp;
  quietBrowser: void;
  /** Starts a separate server for this test. It stops after the test's pages are closed: a page
   * that still loads would report errors. */
  startServer: (settings: Record<string, string>) => Promise<Server>;
}

interface PerWorker {
  server: Server;
}

export const test = base.extend<PerTest, PerWorker>({
  server: [
    async ({}, use, { project, workerIndex }) => {
      const onPostgres = project.name === 'postgres';
      const server = await Server.start(onPostgres ? newDatabase(workerIndex) : {});
      await use(server);
      await server.stop();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  expectedComplaints: [/(?!)/, { option: true }],
  quietBrowser: [
    async ({ context, expectedComplaints }, use) => {
      const all: string[][] = [];
      context.on('page', (page) => all.push(complaints(page)));
      await use();
      const rest = all.flat().filter((line) => !expectedComplaints.test(line));
      expect(rest, 'what the browser complained of').toEqual([]);
    },
    { auto: true },
  ],
  startServer: async ({ context }, use) => {
    const started: Server[] = [];
    await use(async (settings) => {
      const server = await Server.start(settings);
      started.push(server);
      return server;
    });
    for (const page of context.pages()) await page.close();
    for (const server of started) await server.stop();
  },
});

export { expect };

/** All pages that need no data or login. */
export const pages = [
  '/', '/pledges/home', '/pledges/traffic', '/pledges/public-places', '/pledges/neighbours',
  '/sign', '/recovery', '/offline', '/me', '/me/data', '/progress', '/privacy', '/licences', '/report', '/reports', '/messages', '/console/login',
];

/** All console pages that a grid worker can open. */
export const consolePages = [
  '/console', '/console?state=all', '/console/new', '/console/new?settle=1', '/console/check',
  '/console/duty', '/console/stats', '/console/weekly', '/console/posters', '/console/account',
];

/** Console pages for managers only. */
export const managerPages = ['/console/staff', '/console/quarantine', '/console/signatures', '/console/signatures?verdict=invalidate&rule=hasty'];

/** Number of valid signatures, from `/counts.json`. */
export async function signatures(server: Server): Promise<number> {
  const answer = await fetch(`${server.url}/counts.json`);
  return ((await answer.json()) as { signatures: number }).signatures;
}

/** Fills in and submits the signing form on the open page. */
export async function sign(page: Page, name: string, pledges = ['美丽家园齐创建']): Promise<void> {
  for (const pledge of pledges) await page.getByLabel(pledge, { exact: true }).check();
  await page.getByLabel('您的姓名').fill(name);
  await page.getByLabel(/我已阅读并同意/).check();
  await page.getByRole('button', { name: '签名', exact: true }).click();
}

/** Logs in as `login`, and drops another staff session. */
export async function logIn(page: Page, login: string, url = ''): Promise<void> {
  // Drop the session of another account.
  await page.context().clearCookies({ name: 'staff' });
  await page.goto(`${url}/console/login`);
  await page.getByLabel('登录名').fill(login);
  await page.getByLabel('密码').fill(password);
  await page.getByRole('button', { name: '登录' }).click();
  await expect(page).toHaveURL(/\/console$/);
}
