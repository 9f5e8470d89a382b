// Keeps the page up to date: server-sent events, and asking every few seconds while they do not come.

const STREAM = "/api/v1/live/stream";
const ONCE = "/api/v1/live";
const EVENTS = ["snapshot", "plant", "graph", "camera", "state", "cycles", "clock"];
const SILENT_MS = 10_000; // the server says something at least every 3 s
const LOST_MS = 3_000; // a gap shorter than this is not worth a word
const REOPEN_MS = 3_000;
export const POLL_S = 3;

export class Connection {
  #source = null;
  #polled = false;
  #reopenAt = 0;
  #asking = false;
  #heardMs = performance.now();

  /** @param onEvent called with (name, data) of each event. */
  constructor(onEvent) {
    this.onEvent = onEvent;
    this.#open();
    setInterval(() => this.#watch(), 1000);
    addEventListener("online", () => this.#open());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#watch(); });
  }

  /** "live", "polling" (up to date, but by asking) or "lost". */
  get state() {
    if (this.silentS * 1000 > (this.#source ? SILENT_MS : POLL_S * 1000 + LOST_MS)) return "lost";
    return this.#polled ? "polling" : "live";
  }

  /** Seconds since anything was heard. */
  get silentS() {
    return (performance.now() - this.#heardMs) / 1000;
  }

  #open() {
    this.#close();
    this.#reopenAt = performance.now() + SILENT_MS;
    const source = new EventSource(STREAM);
    this.#source = source;
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        this.#polled = false;
        this.#heard(name, JSON.parse(event.data));
      });
    }
    source.onerror = () => {
      if (source !== this.#source) return;
      this.#close();
      this.#reopenAt = performance.now() + REOPEN_MS;
    };
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  #heard(name, data) {
    this.#heardMs = performance.now();
    this.onEvent(name, data);
  }

  #watch() {
    if (this.#source && this.silentS * 1000 < SILENT_MS) return;
    if (performance.now() >= this.#reopenAt) this.#open();
    this.#ask();
  }

  async #ask() {
    if (this.#asking || this.silentS < POLL_S - 0.5) return;
    this.#asking = true;
    try {
      const answer = await fetch(ONCE, { signal: AbortSignal.timeout(4000), cache: "no-store" });
      if (!answer.ok) return;
      const live = await answer.json();
      this.#polled = true;
      this.#heard("snapshot", live);
    } catch {
      // still no connection: the page says so, and asks again
    } finally {
      this.#asking = false;
    }
  }
}
