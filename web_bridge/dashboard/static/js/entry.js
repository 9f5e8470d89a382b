// The forms of a day: quick by keyboard, and a stopwatch that writes ground truth.

import { byId, say } from "./dom.js";
import { figure, loadTexts, text } from "./format.js";
import { newKey, prepareForms, write } from "./forms.js";
import { tell } from "./problem.js";

const TICK_MS = 100;
const DRAFT = "lbzf_crew";

prepareForms();
prepareCrew();
prepareOperators();
await loadTexts();
prepareStopwatch();

/** Enter goes on to the next station; only the button, or Enter at the last one, saves. A pasted column goes down the line. */
function prepareCrew() {
  const inputs = [...document.querySelectorAll("#crew input")];
  const stations = inputs.filter(({ name }) => name.startsWith("at:"));
  inputs.forEach((input, place) => {
    input.addEventListener("focus", () => input.select());
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || place + 1 === inputs.length) return;
      event.preventDefault();
      inputs[place + 1].focus();
    });
  });
  stations.forEach((input, place) => {
    input.addEventListener("paste", async (event) => {
      const codes = column(event.clipboardData.getData("text"));
      if (codes.length < 2) return;
      event.preventDefault();
      const filled = stations.slice(place, place + codes.length);
      filled.forEach((one, row) => { one.value = codes[row]; });
      byId("crew").dispatchEvent(new Event("input"));
      filled.at(-1).focus();
      await loadTexts();
      const rest = codes.length - filled.length;
      say(byId("crew").querySelector(".said"), rest === 0 ? "" : text("crew_left_over", { count: rest }));
    });
  });
  byId("as-last-time").addEventListener("click", () => {
    for (const input of inputs) if (input.dataset.last) input.value = input.dataset.last;
    byId("crew").dispatchEvent(new Event("input"));
    byId("crew").querySelector("button:not([type=button])").focus();
  });
}

/** The cells of a column that was copied from a sheet; empty ones are stations without anybody. */
function column(copied) {
  return copied.replace(/\r?\n$/, "").split(/\r?\n/).map((row) => row.split("\t")[0].trim());
}

/** What changes an operator loads the page again: then it is where it was, with the crew that was being written. */
function prepareOperators() {
  const people = byId("plant-operators");
  const crew = byId("crew");
  const code = byId("operator-code");
  const written = [...crew.querySelectorAll("input")];
  const draft = JSON.parse(sessionStorage.getItem(DRAFT));
  sessionStorage.removeItem(DRAFT);
  if (draft?.page === location.pathname) {
    for (const input of written) input.value = draft.values[input.name] ?? input.value;
    people.open = true;
    const row = draft.code && people.querySelector(`[data-code="${CSS.escape(draft.code)}"] button`);
    (row || code).focus();
  }
  for (const form of people.querySelectorAll("form")) {
    form.addEventListener("submit", () => {
      const values = Object.fromEntries(
        written.filter((input) => input.value !== input.defaultValue).map((input) => [input.name, input.value]),
      );
      sessionStorage.setItem(DRAFT, JSON.stringify({ page: location.pathname, code: form.dataset.code, values }));
    });
  }
  crew.addEventListener("submit", () => sessionStorage.removeItem(DRAFT));
  byId("operator-missing").addEventListener("click", (event) => {
    event.preventDefault();
    const known = new Set([...byId("operators").options].map(({ value }) => value));
    const codes = written.filter(({ name }) => name.startsWith("at:")).map(({ value }) => value.trim());
    people.open = true;
    code.value = codes.find((one) => one && !known.has(one)) ?? "";
    code.focus();
  });
}

function prepareStopwatch() {
  const press = byId("stopwatch-press");
  const drop = byId("stopwatch-drop");
  let began = null;
  const show = () => say(byId("stopwatch-shown"), figure(began === null ? 0 : (Date.now() - began) / 1000));
  setInterval(() => { if (began !== null) show(); }, TICK_MS);
  const stop = () => {
    began = null;
    drop.hidden = true;
    byId("stopwatch-station").disabled = false;
    say(press, text("stopwatch_start"));
  };
  drop.addEventListener("click", () => { stop(); show(); });
  press.addEventListener("click", async () => {
    const now = Date.now();
    if (began === null) {
      began = now;
      drop.hidden = false;
      byId("stopwatch-station").disabled = true;
      say(byId("stopwatch-said"), "");
      say(press, text("stopwatch_end"));
      return;
    }
    const started = began;
    stop();
    await keep(started, now);
  });
  show();
}

/** The clock of the device may be wrong: what it says is put right by the server's. */
async function keep(startMs, endMs) {
  const answer = await fetch("/api/v1/session", { method: "GET" });
  const date = Date.parse(answer.headers.get("Date") ?? "");
  const wrongMs = Number.isNaN(date) ? 0 : Math.round((date - Date.now()) / 1000) * 1000;
  const moment = (ms) => new Date(ms + wrongMs).toISOString();
  const seconds = figure((endMs - startMs) / 1000);
  const wrong = await write("POST", "/api/v1/stopwatch", {
    module: byId("stopwatch").dataset.module,
    workstation: byId("stopwatch-station").value,
    start: moment(startMs),
    end: moment(endMs),
  }, newKey());
  if (wrong === null) say(byId("stopwatch-said"), text("stopwatch_kept", { figure: seconds }));
  else tell(byId("stopwatch-said"), wrong);
}
