// What the page knows: the last snapshot with every change since, and when each part came.

export const keyOf = (part) => `${part.module}/${part.workstation ?? part.code}`;

export class Model {
  constructor() {
    this.plant = null;
    this.graph = { up: true, missing: [] };
    this.cameras = new Map();
    this.states = new Map();
    this.cycles = new Map();
    this.clockOffsetMs = 0;
  }

  /** Take in one event of the stream (or a whole snapshot from polling). */
  apply(name, data) {
    const take = {
      snapshot: () => this.#snapshot(data),
      plant: () => { this.plant = data; },
      graph: () => { this.graph = data; },
      camera: () => this.cameras.set(data.label, stamped(data)),
      state: () => this.states.set(keyOf(data), stamped(data)),
      cycles: () => this.cycles.set(keyOf(data), data),
      clock: () => this.#clock(data.server_time),
    }[name];
    take?.();
  }

  /** The server's wall clock now. */
  now() {
    return new Date(Date.now() + this.clockOffsetMs);
  }

  #snapshot(live) {
    this.plant = live.plant;
    this.graph = live.graph;
    this.cameras = new Map(live.cameras.map((camera) => [camera.label, stamped(camera)]));
    this.states = new Map(live.states.map((state) => [keyOf(state), stamped(state)]));
    this.cycles = new Map(live.cycles.map((cycles) => [keyOf(cycles), cycles]));
    this.#clock(live.server_time);
  }

  #clock(serverTime) {
    this.clockOffsetMs = Date.parse(serverTime) - Date.now();
  }
}

const stamped = (part) => ({ ...part, heardMs: performance.now() });

/** Seconds since a part came. */
export const sinceHeardS = (part) => (performance.now() - part.heardMs) / 1000;
