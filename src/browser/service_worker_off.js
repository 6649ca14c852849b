// Takes the place of a service worker that is to be gone, with all that it kept but the
// forms that still wait to be sent.
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) await caches.delete(name);
    await registration.unregister();
    for (const client of await clients.matchAll({ type: 'window' })) await client.navigate(client.url).catch(() => {});
  })());
});
