// A cycle: its video when asked for, and what people say about it.

import { byId, say } from "./dom.js";
import { loadTexts, text } from "./format.js";
import { prepareForms } from "./forms.js";

await loadTexts();
prepareForms();

byId("clip-show")?.addEventListener("click", () => {
  const clip = byId("clip");
  say(byId("clip-said"), text("clip_loading"));
  clip.onloadeddata = () => say(byId("clip-said"), "");
  clip.onerror = () => {
    clip.hidden = true;
    say(byId("clip-said"), text("clip_missing"));
  };
  clip.src = clip.dataset.src;
  clip.hidden = false;
  clip.play().catch(() => {}); // a browser may want another press
});
