// A list of what happens, which follows what comes until it is paused. Without script it
// has a link to what is newer.

const button = document.querySelector("[data-follow]");
const word = button.querySelector("[data-word]");
const status = document.querySelector("[data-came]");
const rest = 2000; // between two looks, in milliseconds
let seen = button.dataset.seen;
let source;
let reading = false;
let again = false;

async function read() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  try {
    const answer = await fetch(button.dataset.live, { headers: { Accept: "text/html" }, redirect: "manual" });
    if (!answer.ok) {
      pause(); // the session or the console is closed: the next click says so
    } else if (source) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const lines = page.querySelector("[data-lines]");
      const old = document.querySelector("[data-lines]");
      // Whoever stands on a line with the keyboard is not thrown off it.
      if (lines && lines.innerHTML !== old.innerHTML && !old.contains(document.activeElement)) {
        old.replaceWith(document.adoptNode(lines));
        status.textContent = status.dataset.came;
      }
    }
  } catch { /* no connection: the stream tells when it is back */ }
  await new Promise((done) => { setTimeout(done, rest); });
  reading = false;
  if (again && source) {
    again = false;
    read();
  }
}

function pause() {
  source?.close();
  source = undefined;
  word.textContent = button.dataset.paused;
}

function follow() {
  const stream = new URL(button.dataset.follow, location.href);
  stream.searchParams.set("seen", seen);
  source = new EventSource(stream);
  word.textContent = button.dataset.running;
  source.onmessage = (e) => {
    seen = JSON.parse(e.data).state;
    status.textContent = "";
    read();
  };
  source.onerror = () => { if (source?.readyState === EventSource.CLOSED) pause(); };
}

if (typeof EventSource !== "undefined") {
  button.hidden = false;
  button.addEventListener("click", () => { if (source) pause(); else follow(); });
  follow();
}
