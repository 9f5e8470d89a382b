// A day as a workbook: made when it is asked for, then taken away by a link.

import { byId, make, say } from "./dom.js";
import { loadTexts, text } from "./format.js";
import { newKey, sent } from "./forms.js";

const GIVE_UP_MS = 180_000;

await loadTexts();
const form = byId("export");
const said = form.querySelector(".said");
const made = byId("exported");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const { day, module } = Object.fromEntries(new FormData(form));
  button.disabled = true;
  say(said, text("export_making"));
  const answer = await sent("POST", "/api/v1/exports", { date: day, module: module || null }, newKey(), GIVE_UP_MS);
  button.disabled = false;
  say(said, answer.wrong ?? text("export_made"));
  if (answer.wrong !== null) return;
  made.replaceChildren(...[answer.made.workbook, ...answer.made.csv].map((name) => {
    const link = make("a", "", name);
    link.href = `/api/v1/exports/${name}`;
    link.download = name;
    return make("li", "", link);
  }));
});
