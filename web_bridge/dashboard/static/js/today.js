// A page of today stays the one of today: asked for again every minute while it is seen, unless something is entered.

import { byId, make, say } from "./dom.js";
import { age, loadTexts, text } from "./format.js";
import { prepareForms } from "./forms.js";

const EVERY_MS = 60_000;
const AGAIN_MS = 5_000; // without an answer
const HELD_MS = 2 * EVERY_MS; // figures that wait for somebody longer than this are said to be old
const GIVE_UP_MS = 15_000;
const REACHED_BY_TAB = "a, button, input, select, textarea, summary, [tabindex]";

const notice = make("p", "notice");
let freshMs = Date.now();
let askedMs = freshMs;
let asking = false;
let lost = false;

await loadTexts();
notice.setAttribute("role", "status");
notice.hidden = true;
byId("main").before(notice);
setInterval(watch, 1000);
document.addEventListener("visibilitychange", watch);

function watch() {
  if (document.hidden || !("today" in byId("main").dataset)) return;
  const held = isEntering();
  if (!held && !asking && Date.now() - askedMs >= (lost ? AGAIN_MS : EVERY_MS)) ask();
  showNotice(held);
}

function showNotice(held) {
  const oldMs = Date.now() - freshMs;
  const key = lost ? "notice_lost" : held && oldMs >= HELD_MS ? "notice_held" : null;
  notice.hidden = key === null;
  say(notice, key === null ? "" : text(key, { age: age(oldMs / 1000) }));
}

/** Whether replacing the page would take something away from whoever sits before it. */
function isEntering() {
  const main = byId("main");
  const fields = [...main.querySelectorAll("input, select, textarea")];
  return fields.some((field) => field === document.activeElement || isChanged(field))
    || main.querySelector("details[open] form, button:disabled, .said:not(:empty)") !== null
    || (!getSelection().isCollapsed && main.contains(getSelection().anchorNode));
}

function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type !== "select-one") return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
}

async function ask() {
  asking = true;
  askedMs = Date.now();
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(GIVE_UP_MS) });
    if (answer.status === 429 || answer.status >= 500) throw new Error(String(answer.status));
    // Signed out, or no longer there: the browser shows what there is instead.
    if (answer.redirected || !answer.ok) location.reload();
    else take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    lost = false;
  } catch {
    lost = true;
  } finally {
    asking = false;
  }
}

function take(page) {
  if (isEntering()) return;
  const { lang, dataset } = document.documentElement;
  if (page.documentElement.lang !== lang || page.documentElement.dataset.version !== dataset.version) {
    location.reload(); // its scripts and words are others
    return;
  }
  const [old, now] = [byId("main"), page.getElementById("main")];
  openAgain(old, now);
  const focused = [...old.querySelectorAll(REACHED_BY_TAB)].indexOf(document.activeElement);
  const scrolled = [...old.querySelectorAll(".wide")].map((part) => part.scrollLeft);
  old.replaceWith(now);
  now.querySelectorAll(".wide").forEach((part, place) => { part.scrollLeft = scrolled[place] ?? 0; });
  if (focused >= 0) now.querySelectorAll(REACHED_BY_TAB)[focused]?.focus({ preventScroll: true });
  document.title = page.title;
  freshMs = Date.now();
  prepareForms();
  dispatchEvent(new Event("fresh"));
}

/** What is only read stays unfolded. */
function openAgain(old, now) {
  const open = new Set([...old.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent));
  for (const summary of now.querySelectorAll("summary")) summary.parentElement.open = open.has(summary.textContent);
}
