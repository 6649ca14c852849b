// The only inline script, on all pages. It must not vary: the CSP allows it by its hash.

/** JavaScript module that wasm-bindgen generates from `islands`: one function per island. */
type Wake = (island: Element) => void;
type Program = Record<string, Wake> & {
  default(options: { module_or_path: string | undefined }): Promise<unknown>;
  hydrate(): void;
};

/** Delay after the first paint, in milliseconds, so that loading does not delay the text. */
const MOMENT = 150;

const { dataset } = document.currentScript as HTMLScriptElement;
const islands = [...document.querySelectorAll<HTMLElement>('leptos-island')];
const nameOf = (island: HTMLElement) => island.dataset.component as string;
// The smaller program, if it has all islands of the page.
const few = dataset.few && islands.every((island) => RegExp(`^(${dataset.few})_`).test(nameOf(island)));
const [js, wasm] = few ? [dataset.fewJs, dataset.fewWasm] : [dataset.js, dataset.wasm];

/** Loads the program, and hydrates the islands in document order. */
async function wake(): Promise<void> {
  try {
    const program: Program = await import(js as string);
    await program.default({ module_or_path: wasm });
    program.hydrate();
    for (const island of islands) (program[nameOf(island)] as Wake)(island);
  } catch (error) {
    console.info('still', error);
  }
}

if (islands[0]) requestAnimationFrame(() => setTimeout(wake, MOMENT));

// Registers the service worker on the second page of a visit.
const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
if (workers) {
  const seenBefore = workers.controller || document.referrer.startsWith(`${location.origin}/`);
  if (seenBefore && !/^\/(console|screen)/.test(location.pathname)) {
    addEventListener('load', () => {
      workers
        .register(`/sw.js?lang=${document.documentElement.lang}`)
        .catch((error) => console.info('online', error));
    });
  }
  addEventListener('online', () => {
    if (workers.controller) workers.controller.postMessage('send');
  });
}

// Reloads a personal page that the browser restores from its back-forward cache.
const own = document.querySelector<HTMLElement>('[data-own]');
if (own) {
  addEventListener('pageshow', (event: Event) => {
    if ((event as PageTransitionEvent).persisted) location.replace(own.dataset.own as string);
  });
}

// The draft of a form that was taken. Last, as it throws where storage is blocked: there are no drafts then.
const taken = document.querySelector<HTMLElement>('[data-forget]');
if (taken) localStorage.removeItem(taken.dataset.forget as string);

export {};
