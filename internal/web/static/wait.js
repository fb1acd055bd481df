// A page that waits for something to happen elsewhere. Without script it has a button.
// Events come as server-sent events; where none arrive within three seconds (a proxy may
// keep them), the page asks one call at a time.

const el = document.querySelector("[data-wait]");

// What is offered after a while begins hidden, counted from when the question was asked.
const waited = Number(el.dataset.waited ?? 0);
for (const late of document.querySelectorAll("[data-after]")) {
  const rest = Number(late.dataset.after) - waited;
  if (rest <= 0) continue;
  late.hidden = true;
  setTimeout(() => { late.hidden = false; }, rest * 1000);
}

// The seconds are outside the live region, or they would be read out one by one.
const shown = document.querySelector("[data-seconds]");
const ends = Date.now() + Number(el.dataset.left ?? 0) * 1000;
if (shown) {
  shown.hidden = false;
  const number = shown.querySelector("strong");
  const tick = () => { number.textContent = String(Math.max(0, Math.round((ends - Date.now()) / 1000))); };
  tick();
  setInterval(tick, 1000);
}
const said = document.querySelector("[data-said]");
const half = ends - Date.now() - 30_000;
if (said?.dataset.half && half > 0) setTimeout(() => { said.textContent = said.dataset.half; }, half);

const address = new URL(el.dataset.wait, location.href);
// The address of this page: where it came by a post, its own would only take posts.
const here = el.dataset.here ?? location.href;
const seen = el.dataset.state;
let over = false;

function take(state) {
  if (over || !state || state === seen) return;
  over = true;
  source?.close();
  const form = state === el.dataset.go && document.getElementById(el.dataset.form);
  if (form) form.requestSubmit();
  else location.replace(here);
}

async function ask() {
  for (let pause = 1000; !over;) {
    try {
      const query = new URL(address);
      query.searchParams.set("seen", seen);
      query.searchParams.set("wait", "25");
      const answer = await fetch(query, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        take((await answer.json()).state);
        pause = 1000;
        continue;
      }
      if (answer.status < 500 && answer.status !== 429) {
        over = true;
        location.replace(here); // it is over, and the page says how
        return;
      }
    } catch { /* no connection: it comes back */ }
    await new Promise((done) => { setTimeout(done, pause); });
    pause = Math.min(pause * 2, 15_000);
  }
}

let asking = false;
function fallBack() {
  if (asking || over) return;
  asking = true;
  source?.close();
  ask();
}

const stream = new URL(address);
stream.searchParams.set("seen", seen);
const source = typeof EventSource === "undefined" ? undefined : new EventSource(stream);
if (source) {
  // The first event comes at once. That the stream is open says nothing: a proxy may have
  // passed its head on.
  let comes = false;
  source.addEventListener("waiting", () => { comes = true; });
  source.onmessage = (e) => take(JSON.parse(e.data).state);
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) fallBack(); };
  setTimeout(() => { if (!comes) fallBack(); }, 3000);
} else {
  fallBack();
}

// Whoever presses a button here is led on by its answer, and not by the news of it.
addEventListener("submit", () => {
  over = true;
  source?.close();
});

// A page that comes back from the browser's memory looks anew.
addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });
