// The one inline script of all pages. It never varies: the policy names it by its hash.

/** What wasm-bindgen makes of `islands`: a function for each island, by its name. */
type Wake = (island: Element) => void;
type Program = Record<string, Wake> & {
  default(options: { module_or_path: string | undefined }): Promise<unknown>;
  hydrate(): void;
};

/** Milliseconds after the page was painted, so that nothing stands in the way of its text. */
const MOMENT = 150;

const { dataset } = document.currentScript as HTMLScriptElement;
const islands = [...document.querySelectorAll<HTMLElement>('leptos-island')];
const nameOf = (island: HTMLElement) => island.dataset.component as string;
// The smallest program that has all islands of the page.
const few = dataset.few && islands.every((island) => RegExp(`^(${dataset.few})_`).test(nameOf(island)));
const [js, wasm] = few ? [dataset.fewJs, dataset.fewWasm] : [dataset.js, dataset.wasm];

/** Loads the program, and wakes the islands in document order. */
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

// Whoever goes on to a second page gets the service worker.
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

// A page that is one person's and comes back from the browser's memory is asked for anew.
const own = document.querySelector<HTMLElement>('[data-own]');
if (own) {
  addEventListener('pageshow', (event: Event) => {
    if ((event as PageTransitionEvent).persisted) location.replace(own.dataset.own as string);
  });
}

export {};
