/* Small courtesies for every page. Nothing here is needed: each page works without it. */
const focusProblem = (root) => root.querySelector("[data-takes-focus]")?.focus();

addEventListener("DOMContentLoaded", () => focusProblem(document));
document.readyState !== "loading" && focusProblem(document);

/* A second tap on the same button sends nothing; the server's idempotency key is the real guard. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

/* What a carer's phone kept of elders' pages goes when she signs out. */
document.addEventListener("submit", async (event) => {
  if (!event.target.action?.endsWith("/sign-out") || !globalThis.caches) return;
  for (const name of await caches.keys()) if (name.startsWith("carer-")) caches.delete(name);
});
