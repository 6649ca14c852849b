// The service worker: public pages that were seen before open without a network, and a
// form that is sent without one is kept in the phone and sent later.
//
// The cache holds only public pages (PUBLIC) and blank forms, nothing that belongs to one person.
// A form that could not be sent waits in IndexedDB (`kept_forms.ts`) until the server answers.
import { forget, keep, kept, refusedAt, replace, waiting } from './kept_forms.ts';
import { forgetAll, send, sendNow, sendSoon } from './send_forms.ts';

declare const self: ServiceWorkerGlobalScope;
/** Changes with the site's files. The server writes it, and LANG, before this script. */
declare const VERSION: string;
/** The language of this browser's pages. */
declare const LANG: 'zh' | 'en';

const say = (zh: string, en: string) => (LANG === 'en' ? en : zh);
const FORMS = ['/sign', '/report'];
const PRECACHED = ['/offline', '/', ...FORMS];
const PUBLIC = /^\/(?:$|pledges\/[a-z-]+$|progress$|privacy$|reports$|messages$)/;
const FILES = /^\/(?:pkg\/|icon)/;
const PAGES = `pages-${VERSION}`;
const KEPT_FILES = 'files';
/** Files that are kept: those of this version and of some before it, since a page that is
 * open may still want them. */
const MOST_FILES = 24;
/** How long a page may take before the one that was seen before is shown, in milliseconds. */
const PATIENCE = 6000;
/** How often a form that was refused is shown before it is forgotten. */
const MOST_SHOWN = 3;

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const pages = await caches.open(PAGES);
      // As everyone gets them: without cookies nothing in them is anyone's.
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
    // Not every browser says when there is a network again; whoever goes on has one.
    event.waitUntil(answer.then(send).catch(() => {}));
  } else if (request.method === 'GET' && FILES.test(url.pathname)) {
    event.respondWith(file(event));
  }
});

// Background sync is Chromium's alone, so TypeScript's types do not know it.
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

/** A public page: from the network, else as it was seen. */
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

/** A form: one that was sent later and came back with faults, until it is sent again; else
 * from the network, or as everyone gets it. */
async function form(request: Request, url: URL): Promise<Response> {
  const back = await refusedAt(url.pathname).catch(() => undefined);
  if (back) {
    // Whoever does not want it any more has seen it often enough.
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

/** The next person at this phone must not get what this one has left: what waits is sent
 * first, or the phone stays this one's; so it does until they have seen what came back. */
async function nextPerson(request: Request): Promise<Response> {
  await sendNow();
  if ((await waiting()).length > 0) return offline();
  const unseen = (await kept()).find(({ shown }) => !shown);
  if (unseen) return Response.redirect(unseen.path, 303);
  const answer = await fetch(request);
  if (answer.type === 'opaqueredirect' || answer.ok) await forgetAll();
  return answer;
}

/** Whoever has everything of theirs erased means what waits here, too: it is sent first, so
 * that nothing is thrown away which was never told. An answer that sends them on says that it
 * is done; browsers that know `Clear-Site-Data` then forget all they keep. */
async function erased(request: Request): Promise<Response> {
  await sendNow();
  if ((await waiting()).length > 0) return offline();
  const answer = await fetch(request);
  if (answer.type === 'opaqueredirect') await forgetAll();
  return answer;
}

/** A page that is one's own, and never kept. */
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

/** `/offline`: with what waits to be sent. */
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

/** A page that was seen before, with a mark that says so. */
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
  // Each report has a key of its own, by which the server knows it when it comes again.
  const text = (await known.text()).replace(/(name="form_key" value=")[^"]*/, (_, begins) => begins + formKey());
  const html = text.replace(/<body[^>]*>/, (body) => `${body}<p class="offline-mark" role="status">${says}</p>`);
  return new Response(html, { status: 200, headers: known.headers });
}

/** 128 random bits in base64url, as the server makes them. */
function formKey(): string {
  const bits = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)));
  return btoa(bits).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}

/** A form that is sent: kept when there is no network. */
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
