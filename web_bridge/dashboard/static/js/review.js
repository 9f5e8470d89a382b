// A cycle: its video when asked for, and what people say about it.

import { byId, make, say } from "./dom.js";
import { loadTexts, text } from "./format.js";
import { newKey, prepareForms, write } from "./forms.js";
import { tell } from "./problem.js";

const GIVE_UP_MS = 15_000;
const NO_CLIP = { 404: "clip_never", 410: "clip_gone", 503: "problem_busy" };

prepareForms();
byId("decision")?.addEventListener("submit", decide);
await loadTexts();

const picture = document.querySelector("img.picture");
picture?.addEventListener("error", sayNoPicture);
if (picture?.complete && picture.naturalWidth === 0) sayNoPicture();

function sayNoPicture() {
  picture.replaceWith(make("p", "quiet", text("picture_missing")));
}

byId("clip-show")?.addEventListener("click", () => {
  const clip = byId("clip");
  say(byId("clip-said"), text("clip_loading"));
  clip.onloadeddata = () => say(byId("clip-said"), "");
  clip.onerror = async () => {
    clip.hidden = true;
    say(byId("clip-said"), text(await whyNot(clip.dataset.src)));
  };
  clip.src = clip.dataset.src;
  clip.hidden = false;
  clip.play().catch(() => {}); // a browser may want another press
});

/** The text for a video that does not come: a player does not say what the answer was. */
async function whyNot(address) {
  try {
    const answer = await fetch(address, { headers: { Range: "bytes=0-0" }, signal: AbortSignal.timeout(GIVE_UP_MS) });
    return NO_CLIP[answer.status] ?? "clip_failed";
  } catch {
    return "clip_failed";
  }
}

async function decide(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  const said = form.querySelector(".said");
  button.disabled = true;
  await loadTexts();
  say(said, text("saving"));
  const body = { reason: form.elements.reason.value, replace: false };
  const wrong = await write("PUT", form.dataset.to, body, newKey(), form);
  button.disabled = false;
  if (wrong === null) location.reload();
  else tell(said, wrong);
}
