// Every page: language and colours as the reader wants them, kept in cookies so that the server knows them too.

import { byId } from "./dom.js";
import { signOut } from "./session.js";

const YEAR_S = 31_536_000;

function remember(name, value) {
  document.cookie = `lbzf_${name}=${value}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax`;
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    remember("language", button.dataset.language);
    location.reload();
  });
}

byId("sign-out")?.addEventListener("click", signOut);

byId("theme").addEventListener("change", ({ target }) => {
  remember("theme", target.value);
  const root = document.documentElement;
  if (target.value === "auto") delete root.dataset.theme;
  else root.dataset.theme = target.value;
  dispatchEvent(new Event("theme"));
});

// Charts are painted in the colours of the page: they have to know when the device changes them.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("theme")));
