// Service worker: shows public pages from a cache without a network, and queues forms that are
// submitted offline. The cache holds only public pages (PUBLIC) and blank forms, no personal data.
// A form that could not be sent waits in IndexedDB (`kept_forms.ts`) until the server answers.
import { forget, keep, kept, refusedAt, replace, waiting } from './kept_forms.ts';
import { forgetAll, send, sendNow, sendSoon } from './send_forms.ts';

declare const self: ServiceWorkerGlobalScope;
/** Changes with the site's files. The server prepends VERSION and LANG to this script. */
declare const VERSION: string;
/** Language of the pages in this browser. */
declare const LANG: 'zh' | 'en';

const say = (zh: string, en: string) => (LANG === 'en' ? en : zh);
const FORMS = ['/sign', '/report'];
const PRECACHED = ['/offline', '/', ...FORMS];
const PUBLIC = /^\/(?:$|pledges\/[a-z-]+$|progress$|privacy$|reports$|messages$)/;
const FILES = /^\/(?:pkg\/|icon)/;
const PAGES = `pages-${VERSION}`;
const KEPT_FILES = 'files';
/** Maximum number of cached files: of this version and some before it, because a page that is
 * still open may load them. */
const MOST_FILES = 24;
/** Timeout before the cached copy of a page is shown, in milliseconds. */
const PATIENCE = 6000;
/** Maximum number of times a refused form is shown before it is deleted. */
const MOST_SHOWN = 3;

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const pages = await caches.open(PAGES);
      // Without cookies: the cached pages contain no personal data.
      const precache = async (path: string) => {
        const answer = await fetch(`${path}?lang=${LANG}`, { credentials: 'omit', cache: 'no-store' });
        if (answer.ok) await pages.put(path, answer);
      };
      await Promise.all(PRECACHED.map(precache));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith('pages-') && name !== PAGES);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
      await send();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === 'POST' && request.mode === 'navigate') {
    if (FORMS.includes(url.pathname)) event.respondWith(post(request, url));
    else if (url.pathname === '/sign/next') event.respondWith(nextPerson(request));
    else if (url.pathname === '/me/erase') event.respondWith(erased(request));
  } else if (request.method === 'GET' && request.mode === 'navigate') {
    if (url.pathname.startsWith('/console')) return;
    const answer = navigation(event, url);
    event.respondWith(answer);
    // Not every browser reports that the network is back; a navigation that succeeds shows it.
    event.waitUntil(answer.then(send).catch(() => {}));
  } else if (request.method === 'GET' && FILES.test(url.pathname)) {
    event.respondWith(file(event));
  }
});

// Background Sync exists only in Chromium, so TypeScript has no types for it.
self.addEventListener('sync' as 'message', (event) => {
  if ((event as Event & { tag?: string }).tag === 'send') event.waitUntil(sendSoon());
});
self.addEventListener('message', (event) => {
  if (event.data === 'send') event.waitUntil(sendSoon());
});

function navigation(event: FetchEvent, url: URL): Promise<Response> {
  if (url.pathname === '/offline') return offline();
  if (PUBLIC.test(url.pathname)) return publicPage(event, url);
  if (FORMS.includes(url.pathname)) return form(event.request, url);
  return ownPage(event.request);
}

/** A public page: from the network, else from the cache. */
async function publicPage(event: FetchEvent, url: URL): Promise<Response> {
  const slow = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE));
  const fresh = fetch(event.request).then((answer) => {
    if (answer.ok && !answer.redirected && !url.search) {
      const copy = answer.clone();
      event.waitUntil(caches.open(PAGES).then((pages) => pages.put(url.pathname, copy)));
    }
    return answer;
  });
  try {
    const first = await Promise.race([fresh, slow]);
    if (first) return first;
    return (await caches.match(url.pathname)) ? await marked(url.pathname) : await fresh;
  } catch {
    return marked(url.pathname);
  }
}

/** A form: the refused one with its errors, until it is submitted again; else the page from the
 * network, or the cached blank form. */
async function form(request: Request, url: URL): Promise<Response> {
  const back = await refusedAt(url.pathname).catch(() => undefined);
  if (back) {
    // The user has ignored it often enough.
    if (back.shown >= MOST_SHOWN) await forget(back.id);
    else {
      await replace({ ...back, shown: back.shown + 1 });
      return new Response(back.refused, { headers: back.headers });
    }
  }
  try {
    return await fetch(request);
  } catch {
    return marked(url.pathname);
  }
}

/** Hands the device over to the next person, who must not get forms of the previous one. Queued
 * forms are sent first and refused ones shown first; until then there is no handover. */
async function nextPerson(request: Request): Promise<Response> {
  await sendNow();
  if ((await waiting()).length > 0) return offline();
  const unseen = (await kept()).find(({ shown }) => !shown);
  if (unseen) return Response.redirect(unseen.path, 303);
  const answer = await fetch(request);
  if (answer.type === 'opaqueredirect' || answer.ok) await forgetAll();
  return answer;
}

/** Erases all data of the visitor, queued forms included. They are sent first, so that the
 * server erases them too. A redirect means success; then the queue is deleted, also in browsers
 * without `Clear-Site-Data`. */
async function erased(request: Request): Promise<Response> {
  await sendNow();
  if ((await waiting()).length > 0) return offline();
  const answer = await fetch(request);
  if (answer.type === 'opaqueredirect') await forgetAll();
  return answer;
}

/** A personal page; never cached. */
async function ownPage(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    return cached('/offline');
  }
}

async function file(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const known = await caches.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) {
    const copy = answer.clone();
    const add = async () => {
      const files = await caches.open(KEPT_FILES);
      await files.put(request, copy);
      const keys = await files.keys();
      await Promise.all(keys.slice(0, -MOST_FILES).map((key) => files.delete(key)));
    };
    event.waitUntil(add());
  }
  return answer;
}

/** `/offline`, with the number of queued forms. */
async function offline(): Promise<Response> {
  const forms = (await waiting()).length;
  if (forms === 0) return cached('/offline');
  const words = say(
    `您填的${forms}份内容已存在手机里，有网络时自动送出。请先不要清理微信。`,
    `Saved on this phone and waiting to be sent: ${forms} form${forms === 1 ? '' : 's'}. Sending is automatic once there is a network. Until then, please do not clear WeChat.`,
  );
  return marked('/offline', words);
}

async function cached(path: string): Promise<Response> {
  const known = await caches.match(path);
  if (known) return known;
  const headers = { 'Content-Type': 'text/plain; charset=utf-8' };
  return new Response(say('没有网络，请稍后再试', 'No network; please try again later'), { status: 503, headers });
}

/** A cached page with a banner that says so. */
async function marked(path: string, words?: string): Promise<Response> {
  const known = await caches.match(path);
  if (!known) return cached('/offline');
  const when = new Date(known.headers.get('Date') ?? Date.now());
  const time = when.toLocaleString(say('zh-CN', 'en-GB'), {
    month: 'long',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
  const ofForm = say(
    '现在没有网络。您可以照常填写提交，内容先存在手机里，有网络时自动送出。',
    'You are offline. Fill in and send the form as usual: it is saved on this phone and sent automatically when there is a network.',
  );
  const ofPage = say(
    `现在没有网络，这是${time}看到的内容。`,
    `You are offline. This is the page as you saw it on ${time}.`,
  );
  const says = words ?? (FORMS.includes(path) ? ofForm : ofPage);
  // Each report needs its own form key, by which the server detects duplicates.
  const text = (await known.text()).replace(/(name="form_key" value=")[^"]*/, (_, begins) => begins + formKey());
  const html = text.replace(/<body[^>]*>/, (body) => `${body}<p class="offline-mark" role="status">${says}</p>`);
  return new Response(html, { status: 200, headers: known.headers });
}

/** 128 random bits in base64url, the same format as on the server. */
function formKey(): string {
  const bits = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)));
  return btoa(bits).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}

/** Submits a form; without a network, adds it to the queue. */
async function post(request: Request, url: URL): Promise<Response> {
  const copy = request.clone();
  let answer: Response;
  try {
    answer = await fetch(request);
  } catch {
    return keepForLater(copy, url.pathname);
  }
  if (answer.type === 'opaqueredirect') {
    const back = await refusedAt(url.pathname).catch(() => undefined);
    if (back) await forget(back.id);
  }
  return answer;
}

async function keepForLater(request: Request, path: string): Promise<Response> {
  if (path === '/sign' && (await waiting()).some((form) => form.path === path)) {
    const words = say(
      '这台手机里已有一份没送出的签名，这一份没有存下。请等有网络时，用“换人签名”再签。',
      'A signature is already waiting on this phone, so this one was not saved. Once there is a network, use “Next person signs” to sign again.',
    );
    return marked('/offline', words);
  }
  await keep({ path, type: request.headers.get('Content-Type'), body: await request.arrayBuffer() });
  const { sync } = self.registration as { sync?: { register(tag: string): Promise<void> } };
  await sync?.register('send').catch(() => {});
  return Response.redirect('/offline', 303);
}
