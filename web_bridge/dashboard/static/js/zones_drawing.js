// Polygons over the picture: drawn, chosen and moved with the pointer or the keyboard.

import { text } from "./format.js";
import { Labels } from "./zones_labels.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR_STEP = 10;
const CORNER_RADIUS = 7; // on the screen
const SAME_PLACE = 9; // on the screen
const MIN_CORNERS = 3;

function shape(tag, attributes) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

const points = (corners) => corners.map((corner) => corner.join(",")).join(" ");

export class Drawing {
  /** `changed` is called after each change, `chose` when another station or zone was chosen. */
  constructor(svg, model, { changed, chose }) {
    Object.assign(this, { svg, model, changed, chose, seen: [], evidence: new Map(), grip: null });
    svg.addEventListener("pointerdown", (event) => this.onDown(event));
    svg.addEventListener("pointermove", (event) => this.onMove(event));
    svg.addEventListener("pointerup", (event) => this.onUp(event));
    svg.addEventListener("pointercancel", () => { this.grip = null; });
    svg.addEventListener("keydown", (event) => this.onKey(event));
    addEventListener("resize", () => this.show());
  }

  /** Pixels of the picture for one of the screen. */
  get scale() {
    return this.model.width / (this.svg.clientWidth || this.model.width);
  }

  show() {
    const { model, svg } = this;
    const focused = svg.contains(document.activeElement) ? document.activeElement.dataset?.corner : undefined;
    const labels = new Labels(model.width, model.height);
    const zones = model.stations.flatMap((station) => Object.entries(station.zones).map(([name, zone]) => ({ station, name, zone })));
    // The chosen one is named first: then it has most room.
    const names = [...zones].sort((a, b) => Number(this.isChosen(b)) - Number(this.isChosen(a))).map((one) => this.zoneLabel(labels, one));
    const parts = this.seen.flatMap((person) => this.personShapes(labels, person));
    parts.push(...zones.map((one) => this.zoneShape(one)), ...names);
    const polygon = model.draft ? null : model.polygon();
    if (polygon) parts.push(...polygon.map((corner, place) => this.cornerShape(corner, place, polygon.length)));
    if (model.draft?.length) {
      parts.push(shape("polyline", { points: points(model.draft) }));
      for (const [cx, cy] of model.draft) parts.push(shape("circle", { cx, cy, r: CORNER_RADIUS * this.scale }));
    }
    if (this.grip?.rectangle) parts.push(shape("polyline", { points: points([...this.grip.rectangle, this.grip.rectangle[0]]) }));
    svg.classList.toggle("drawing", model.draft !== null);
    svg.replaceChildren(...parts);
    if (focused !== undefined) this.focusCorner(Math.min(Number(focused), (polygon?.length ?? 1) - 1));
  }

  isChosen({ station, name }) {
    return station === this.model.chosen && name === this.model.zone;
  }

  zoneShape({ station, name, zone }) {
    const evidence = this.evidence.get(`${station.module}/${station.code}/${name}`) ?? "";
    const polygon = shape("polygon", {
      points: points(zone.polygon_px), "data-evidence": evidence, "data-station": station.code, "data-zone": name,
    });
    if (this.isChosen({ station, name })) polygon.classList.add("chosen");
    polygon.target_ = { station, name };
    return polygon;
  }

  zoneLabel(labels, { station, name, zone }) {
    const kind = zone.kind === "work" ? "" : ` ${text(`zone_kind_${zone.kind}`)}`;
    const number = String(this.model.numberOf(station));
    const words = [`${station.display_name || station.code}${kind}`, `${number}${kind}`, number];
    const box = bounds(zone.polygon_px);
    if (!this.isChosen({ station, name })) return this.text(labels, words, 13, box);
    const handle = CORNER_RADIUS * this.scale;
    const label = this.text(labels, words, 13, { ...box, left: box.left + handle, top: box.top + handle / 2 });
    label.classList.add("chosen");
    return label;
  }

  text(labels, words, pixels, box) {
    const size = pixels * this.scale;
    const { text: shown, x, y } = labels.place(words, size, box);
    const label = shape("text", { x, y, "font-size": size });
    label.textContent = shown;
    return label;
  }

  cornerShape([cx, cy], place, of) {
    return shape("circle", {
      cx, cy, r: CORNER_RADIUS * this.scale, tabindex: 0, role: "button", "data-corner": place,
      "aria-label": text("zones_corner", { place: place + 1, of, x: cx, y: cy }),
    });
  }

  personShapes(labels, { box_px: [x, y, right, bottom], zones }) {
    const stations = zones.map((zone) => this.model.stations.find((one) => zone.startsWith(`${one.module}/${one.code}/`))).filter(Boolean);
    const numbers = [...new Set(stations)].map((station) => this.model.numberOf(station)).join(", ");
    const words = zones.length ? [`→ ${numbers}`] : [text("zones_counts_nowhere"), "✕"];
    const label = this.text(labels, words, 12, { left: x, top: y, right, bottom });
    label.classList.add("person");
    return [shape("rect", { class: "seen", x, y, width: right - x, height: bottom - y }), label];
  }

  focusCorner(place) {
    this.svg.querySelector(`[data-corner="${place}"]`)?.focus();
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    const { width, height } = this.model;
    return this.model.inside([((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height]);
  }

  isNear([x, y], other) {
    return other && Math.hypot(x - other[0], y - other[1]) <= SAME_PLACE * this.scale;
  }

  onDown(event) {
    if (event.button !== 0) return;
    const { model } = this;
    const here = this.at(event);
    this.svg.setPointerCapture(event.pointerId);
    if (model.draft) {
      event.preventDefault(); // the drawing itself keeps the focus: Enter and Escape are its own
      this.svg.focus();
      this.grip = { kind: "draw", from: here };
    } else if (event.target.dataset.corner !== undefined) {
      this.grip = { kind: "corner", place: Number(event.target.dataset.corner) };
    } else if (event.target.target_) {
      const { station, name } = event.target.target_;
      if (station !== model.chosen || name !== model.zone) {
        model.choose(station, name);
        this.chose();
      }
      this.grip = { kind: "zone", from: here, corners: model.polygon().map((corner) => [...corner]) };
    }
  }

  onMove(event) {
    const { grip, model } = this;
    if (!grip) return;
    const here = this.at(event);
    if (grip.kind === "draw") {
      const drawn = model.draft.length === 0 && !this.isNear(here, grip.from);
      grip.rectangle = drawn ? rectangle(grip.from, here) : null;
      this.show();
    } else if (grip.kind === "corner") {
      this.moveCorner(grip.place, here);
    } else if (grip.moved || !this.isNear(here, grip.from)) {
      grip.moved = true;
      this.moveZone(grip.corners, here[0] - grip.from[0], here[1] - grip.from[1]);
    }
  }

  onUp(event) {
    const { grip, model } = this;
    this.grip = null;
    if (grip?.kind !== "draw") return;
    const here = this.at(event);
    if (grip.rectangle) this.finish(grip.rectangle);
    else if (model.draft.length >= MIN_CORNERS && (this.isNear(here, model.draft[0]) || this.isNear(here, model.draft.at(-1)))) this.finish(model.draft);
    else if (!this.isNear(here, model.draft.at(-1))) model.draft.push(here);
    this.show();
  }

  onKey(event) {
    const { model } = this;
    if (model.draft) {
      if (event.key === "Escape") model.cancel();
      else if (event.key === "Enter") this.finish(model.draft.length ? model.draft : this.middle());
      else if (event.key === "Backspace") model.draft.pop();
      else return;
      event.preventDefault();
      this.show();
      this.changed();
      return;
    }
    const place = Number(event.target.dataset.corner ?? NaN);
    const polygon = model.polygon();
    if (Number.isNaN(place) || !polygon) return;
    if (event.key in STEPS) {
      const far = event.shiftKey ? FAR_STEP : 1;
      const [x, y] = STEPS[event.key];
      this.moveCorner(place, model.inside([polygon[place][0] + far * x, polygon[place][1] + far * y]));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      if (polygon.length > MIN_CORNERS) this.edit(() => polygon.splice(place, 1));
    } else if (event.key === "Insert" || event.key === "+") {
      const next = polygon[(place + 1) % polygon.length];
      const between = model.inside([(polygon[place][0] + next[0]) / 2, (polygon[place][1] + next[1]) / 2]);
      this.edit(() => polygon.splice(place + 1, 0, between));
    } else return;
    event.preventDefault();
  }

  edit(change) {
    change();
    this.model.touch();
    this.show();
    this.changed();
  }

  moveCorner(place, to) {
    this.edit(() => { this.model.polygon()[place] = to; });
  }

  /** All corners by so much, as far as the picture reaches. */
  moveZone(corners, dx, dy) {
    const xs = corners.map(([x]) => x);
    const ys = corners.map(([, y]) => y);
    const x = Math.min(this.model.width - Math.max(...xs), Math.max(-Math.min(...xs), dx));
    const y = Math.min(this.model.height - Math.max(...ys), Math.max(-Math.min(...ys), dy));
    this.edit(() => { this.model.chosen.zones[this.model.zone].polygon_px = corners.map((corner) => [corner[0] + x, corner[1] + y]); });
  }

  finish(corners) {
    if (!this.model.finish(corners)) return;
    this.show();
    this.chose();
    this.changed();
    this.focusCorner(0);
  }

  /** For who draws with the keyboard: a zone in the middle, to be moved corner by corner. */
  middle() {
    const { width, height } = this.model;
    return rectangle(this.model.inside([0.4 * width, 0.4 * height]), this.model.inside([0.6 * width, 0.6 * height]));
  }
}

function bounds(corners) {
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

function rectangle([x, y], [right, bottom]) {
  return [[x, y], [right, y], [right, bottom], [x, bottom]];
}
