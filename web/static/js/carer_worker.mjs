/* Keeps today's pages of a carer, so that a door can be opened in a stairwell without signal. Network first; what is
   kept is thrown away the next day and at sign-out (page.mjs). */
const today = () => `carer-${new Date().toISOString().slice(0, 10)}`;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  if (request.method !== "GET" || !(path.startsWith("/carer") || path.startsWith("/static/"))) return;
  event.respondWith(kept(request));
});

const kept = async (request) => {
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) {
      for (const name of await caches.keys()) if (name.startsWith("carer-") && name !== today()) await caches.delete(name);
      await (await caches.open(today())).put(request, answer.clone());
    }
    return answer;
  } catch (gone) {
    const found = await caches.match(request, { ignoreSearch: true });
    if (found) return found;
    throw gone;
  }
};
