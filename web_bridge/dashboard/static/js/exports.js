// A day as a workbook: made when it is asked for, then taken away by a link.

import { byId, make, say } from "./dom.js";
import { isoDay, loadTexts, text } from "./format.js";
import { newKey, sent } from "./forms.js";
import { tell } from "./problem.js";

const GIVE_UP_MS = 180_000;

prepare();
addEventListener("fresh", prepare);

function prepare() {
  const form = byId("export");
  const said = form.querySelector(".said");
  const made = byId("exported");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await loadTexts();
    const button = form.querySelector("button");
    const { module, day: written } = Object.fromEntries(new FormData(form));
    // The board has no field: its day is the one that it shows.
    const day = written === undefined ? document.querySelector("[data-date]").dataset.date : isoDay(written);
    if (day === null) {
      say(said, text("not_a_day"));
      form.querySelector("input").focus();
      return;
    }
    const waiting = form.querySelector("progress");
    button.disabled = true;
    waiting.hidden = false;
    made.replaceChildren();
    say(said, text("export_making"));
    const answer = await sent("POST", "/api/v1/exports", { date: day, module: module || null }, newKey(), GIVE_UP_MS);
    button.disabled = false;
    waiting.hidden = true;
    if (answer.wrong !== null) {
      tell(said, answer.wrong);
      return;
    }
    say(said, text("export_made"));
    const names = [answer.made.workbook, ...(written === undefined ? [] : answer.made.csv)];
    made.replaceChildren(...names.map((name) => {
      const link = make("a", "", name);
      link.href = `/api/v1/exports/${name}`;
      link.download = name;
      return make("li", "", link);
    }));
  });
}
