/* Check-in and check-out where there is no signal: signed by a key that never leaves this phone, kept until they are
   sent, sent as often as needed. Without a registered key, or without this script, the forms work as ever. */
const box = document.getElementById("offline");
const person = box?.dataset.person;
const bytes = (text) => new TextEncoder().encode(text);
const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
const asked = (request) => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

/* The one way to write an event: sorted names, no blanks (services/visits/devices.py reads nothing else). */
export const canonical = (value) => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") {
    return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
  }
  return JSON.stringify(value);
};

let opened;
const store = async (name, mode = "readonly") => {
  opened ??= new Promise((done, failed) => {
    const request = indexedDB.open("yinling-carer", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("keys", { keyPath: "person" });
      request.result.createObjectStore("events", { keyPath: ["person", "seq"] });
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  return (await opened).transaction(name, mode).objectStore(name);
};
const mine = async () => asked((await store("keys")).get(person));
const waiting = async () => asked((await store("events")).getAll(IDBKeyRange.bound([person, 0], [person, Infinity])));
const sign = async (key, body) =>
  base64(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, bytes(body)));

const post = (path, body) => fetch(path, {
  method: "POST",
  headers: { "Content-Type": "application/json", "X-CSRF-Token": box.dataset.csrf },
  body: JSON.stringify(body),
});

const show = async (problem = "") => {
  const device = await mine();
  const count = (await waiting()).length;
  const line = box.querySelector("[data-line]");
  line.textContent = !device ? box.dataset.noKey : count ? box.dataset.waiting.replace("{n}", count) : box.dataset.sent;
  box.querySelector("[data-register]").hidden = Boolean(device);
  box.querySelector("[data-send]").hidden = !device || !count;
  const said = box.querySelector("[data-problem]");
  said.textContent = problem;
  said.hidden = !problem;
  box.hidden = false;
};

const register = async () => {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const public_key = base64(await crypto.subtle.exportKey("spki", pair.publicKey));
  const answer = await post("/api/v1/devices", { public_key, label: navigator.userAgentData?.platform || navigator.platform || "" });
  const told = await answer.json();
  if (!answer.ok) return show(box.dataset.failed + (told.detail ?? answer.status));
  await asked((await store("keys", "readwrite")).put({ person, device: told.device_id, key: pair.privateKey, seq: 0 }));
  return show();
};

const position = () => new Promise((done) => {
  if (!navigator.geolocation) return done({});
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => done({
      lon: coords.longitude.toFixed(6), lat: coords.latitude.toFixed(6), accuracy_m: coords.accuracy.toFixed(0),
    }),
    () => done({}),
    { enableHighAccuracy: true, timeout: 4000, maximumAge: 60000 },
  );
});

/* The number is taken in the same transaction that keeps the event, so that no number is given twice. */
const record = async (facts) => {
  const device = await mine();
  const seq = device.seq + 1;
  const body = canonical({ ...facts, device_id: device.device, seq });
  const signature = await sign(device.key, body);
  const change = (await opened).transaction(["keys", "events"], "readwrite");
  change.objectStore("keys").put({ ...device, seq });
  change.objectStore("events").add({ person, seq, body, signature });
  await new Promise((done, failed) => {
    change.oncomplete = done;
    change.onerror = () => failed(change.error);
  });
};

let sending = null;
const send = () => (sending ??= deliver().finally(() => (sending = null)));
const deliver = async () => {
  const device = await mine();
  const kept = (await waiting()).slice(0, 50);
  if (!device || !kept.length) return { sent: true, refused: "" };
  const events = kept.map(({ body, signature }) => ({ body, signature }));
  const whole = await crypto.subtle.digest("SHA-256", bytes(events.map((one) => one.body).join("\n")));
  const digest = Array.from(new Uint8Array(whole), (one) => one.toString(16).padStart(2, "0")).join("");
  const body = canonical({ device_id: device.device, digest, sent_at: new Date().toISOString() });
  const cover = { body, signature: await sign(device.key, body) };
  let answer;
  try {
    answer = await post(`/api/v1/devices/${device.device}/events`, { cover, events });
  } catch {
    return { sent: false, refused: "" };
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 404) {  // taken out of use: this key is worth nothing any more
    await asked((await store("keys", "readwrite")).delete(person));
  }
  if (!answer.ok) return { sent: false, refused: answer.status < 500 ? told.detail ?? String(answer.status) : "" };
  const events_store = await store("events", "readwrite");
  told.forEach((one, place) => one.outcome === "later" || events_store.delete([person, kept[place].seq]));
  return { sent: true, refused: told.filter((one) => one.outcome === "refused").map((one) => one.message).join(" ") };
};

const handle = async (event) => {
  const form = event.target.closest?.("form[data-offline]");
  if (!form || form.dataset.handled) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await mine())) {  // no key here: the form goes the ordinary way
    form.dataset.handled = "yes";
    form.requestSubmit(event.submitter);
    return;
  }
  const given = new FormData(form);
  const word = (name) => String(given.get(name) ?? "").trim();
  const facts = {
    kind: form.dataset.offline, visit_id: Number(form.dataset.visit), event_key: word("event_key"),
    device_at: new Date().toISOString(), ...(await position()),
  };
  if (facts.kind === "check_in") {
    Object.assign(facts, word("plate") ? { proof: "door_plate", secret: word("plate") } : { proof: "elder_code", secret: word("code") });
  } else {
    Object.assign(facts, { tasks: given.getAll("done").map(String), risks: given.getAll("risks").map(String), note: word("note") });
    for (const name of ["systolic_mmhg", "diastolic_mmhg", "pulse_per_minute", "temperature_c", "glucose_mmol"]) {
      if (word(name)) facts[name] = word(name);
    }
  }
  await record(facts);
  const { sent, refused } = await send();
  if (refused) return show(refused);
  if (sent) return location.assign(location.pathname);
  await show();
  box.querySelector("[data-line]").textContent = box.dataset.kept;
};

if (box && person && globalThis.indexedDB && globalThis.crypto?.subtle) {
  document.addEventListener("submit", handle, true);
  box.querySelector("[data-register]").addEventListener("click", register);
  box.querySelector("[data-send]").addEventListener("click", async () => show((await send()).refused));
  addEventListener("online", async () => show((await send()).refused));
  const before = (await waiting()).length;
  const first = await send();
  await show(first.refused);
  if (before && first.sent && !first.refused && !(await waiting()).length) location.reload();
  navigator.serviceWorker?.register("/carer/worker.mjs", { scope: "/carer", type: "module" }).catch(() => {});
}
