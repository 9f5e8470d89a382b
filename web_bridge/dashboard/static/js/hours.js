// The hour board: rendered by the server, which knows targets, shifts and thresholds; asked for again when it may differ.

import { setThresholds } from "./pace.js";

const SOONEST_MS = 5_000; // with twenty stations a cycle ends every few seconds
const AT_LEAST_MS = 20_000; // the clock alone changes whether the module is on pace
const GIVE_UP_MS = 8_000;

export class Hours {
  #element;
  #module;
  #onThresholds;
  #asking = false;
  #due = false;
  #askedMs = performance.now();

  /**
   * @param module gives the code of the module that is shown, or null.
   * @param onThresholds called when the thresholds have come again.
   */
  constructor(element, module, onThresholds) {
    this.#element = element;
    this.#module = module;
    this.#onThresholds = onThresholds;
    this.#takeThresholds();
    setInterval(() => this.#watch(), 1000);
  }

  /** Something has come that may change the figures. */
  isDue() {
    this.#due = true;
  }

  #watch() {
    const sinceMs = performance.now() - this.#askedMs;
    if (document.hidden || this.#module() === null) return;
    if (sinceMs > AT_LEAST_MS || (this.#due && sinceMs > SOONEST_MS)) this.#ask(this.#module());
  }

  async #ask(module) {
    if (this.#asking) return;
    this.#asking = true;
    this.#due = false; // what comes while it is answered is due again
    this.#askedMs = performance.now();
    try {
      const address = `/board/${encodeURIComponent(module)}/hours`;
      const answer = await fetch(address, { signal: AbortSignal.timeout(GIVE_UP_MS) });
      if (!answer.ok) return;
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      this.#element.replaceChildren(...parsed.body.childNodes);
      this.#takeThresholds();
      this.#onThresholds();
    } catch {
      // no connection: the page says so, and this asks again
    } finally {
      this.#asking = false;
    }
  }

  #takeThresholds() {
    const found = this.#element.querySelector("[data-pace-green]");
    if (found) setThresholds(found.dataset);
  }
}
