// What people enter goes to the API: once, however often the button is pressed, with an answer in words.

import { say } from "./dom.js";
import { loadTexts, text } from "./format.js";
import { refusal, tell } from "./problem.js";
import { proof } from "./session.js";

const GIVE_UP_MS = 15_000;
const BODIES = {
  lost_time: ({ dataset }, values) => ({
    module: dataset.module,
    workstation: dataset.workstation,
    code: values.code,
    start: moment(dataset.day, values.start),
    end: values.end ? moment(dataset.day, values.end) : null,
    notes: values.notes || null,
  }),
  verification: ({ dataset }, values) => ({
    corrected_duration_s: values.corrected_duration_s ? seconds(values.corrected_duration_s) : null,
    replace: dataset.replace === "true",
  }),
  crew: ({ dataset }, values) => ({
    module: dataset.module,
    start: moment(dataset.day, values.start),
    operators: Object.fromEntries(
      Object.entries(values)
        .filter(([name]) => name.startsWith("at:"))
        .map(([name, code]) => [name.slice(3), code.trim() || null]),
    ),
  }),
  day_target: ({ dataset }, values) => ({ module: dataset.module, date: dataset.day, units: number(values.units) }),
  hour_target: ({ dataset }, values) => ({ module: dataset.module, hour: values.hour, units: number(values.units) }),
  order: ({ dataset }, values) => ({
    module: dataset.module,
    code: values.code.trim(),
    units: values.units ? number(values.units) : null,
    start: moment(dataset.day, values.start),
  }),
  thresholds: (_, values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, number(value)])),
  ending: ({ dataset }, values) => ({ end: moment(dataset.day, values.end) }),
  operator: (_, values) => ({ code: values.code.trim(), display_name: values.name.trim() }),
  operator_change: ({ dataset }, values) => ({
    code: dataset.code,
    display_name: (values.name ?? dataset.name).trim(),
    active: dataset.active === "true",
    notes: dataset.notes || null,
  }),
  observation: ({ dataset }, values) => ({
    module: dataset.module,
    workstation: dataset.workstation,
    kind: values.kind,
    observed: dataset.observed ?? moment(dataset.day, values.time),
    notes: values.notes,
    event_uid: dataset.uid,
  }),
};

/** Any text that is new. `crypto.randomUUID` is missing where the page comes without TLS. */
export const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Let every form of the page send what its `data-kind` says, before the texts are there too. */
export function prepareForms() {
  for (const form of document.querySelectorAll("form[data-send]")) {
    let key = newKey();
    form.addEventListener("input", () => { key = newKey(); });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.dataset.ask && !confirm(form.dataset.ask)) return;
      const button = form.querySelector("button:not([type=button])");
      const said = form.querySelector(".said");
      button.disabled = true;
      await loadTexts();
      say(said, text("saving"));
      const wrong = await send(form, key);
      button.disabled = false;
      if (wrong === null) location.reload();
      else tell(said, wrong);
    });
  }
}

/** Send a form. Returns null, or what is wrong (`tell` shows it). */
async function send(form, key) {
  let body;
  try {
    body = form.dataset.kind && BODIES[form.dataset.kind](form, Object.fromEntries(new FormData(form)));
  } catch (error) {
    return { words: error.message };
  }
  return write(form.dataset.send, form.dataset.to, body, key, form);
}

/** One write. Returns null, or what is wrong (`tell` shows it); a form names its values. */
export async function write(method, address, body, key, form = null) {
  return (await sent(method, address, body, key, GIVE_UP_MS, form)).wrong;
}

/** One write. Returns what the API made of it, or what is wrong. */
export async function sent(method, address, body, key, giveUpMs = GIVE_UP_MS, form = null) {
  try {
    const answer = await fetch(address, {
      method,
      headers: { "Content-Type": "application/json", "Idempotency-Key": key, "X-CSRF-Token": await proof() },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(giveUpMs),
    });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return { wrong: null, made: said };
    return { wrong: refusal(answer.status, said, form) };
  } catch {
    return { wrong: { words: text("not_sent") } };
  }
}

/** Seconds as people write them: with a comma or a point. */
function seconds(written) {
  const value = Number(written.trim().replace(",", "."));
  if (!(value > 0)) throw new Error(text("not_seconds"));
  return value;
}

/** A figure as people write it. */
function number(written) {
  const value = Number(written.trim().replace(",", "."));
  if (!(value >= 0) || written.trim() === "") throw new Error(text("not_a_number"));
  return value;
}

/** A time of day of the plant as a moment. */
function moment(day, clock) {
  return new Date(zoned(`${day}T${clock}:00`)).toISOString();
}

/** Milliseconds of a local time of the plant: guessed as UTC, then put right by what the plant's clock shows then. */
function zoned(local) {
  const guess = Date.parse(`${local}Z`);
  const shown = (ms) => {
    const parts = new Intl.DateTimeFormat("en-CA", {
      timeZone: document.documentElement.dataset.zone, hourCycle: "h23",
      year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    }).formatToParts(new Date(ms));
    const of = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
    return Date.parse(`${of.year}-${of.month}-${of.day}T${of.hour}:${of.minute}:${of.second}Z`);
  };
  const once = guess - (shown(guess) - guess);
  return guess - (shown(once) - once);
}
