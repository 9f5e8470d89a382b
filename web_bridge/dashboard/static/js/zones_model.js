// What is being drawn: stations of a camera with their zones, and which of them is chosen.

import { text } from "./format.js";

export const ZONE_FIELDS = ["kind", "evidence", "anchor", "motion_threshold", "enter_s", "leave_s", "linger_s"];
export const LIMITS = [
  "min_cycle_s", "max_cycle_s", "min_dwell_ratio", "min_confidence", "max_second_person_ratio",
  "max_drift_unknown_ratio", "max_gap_s",
];
const WANTED = { presence: ["work"], trigger: ["work", "trigger"], pick_drop: ["work", "pick", "drop"] };
const MIN_CORNERS = 3;

export class Model {
  constructor(element) {
    const { module, taken, next_pos: nextPos, stations } = JSON.parse(element.dataset.zones);
    Object.assign(this, { module, taken, nextPos, stations });
    this.camera = element.dataset.camera;
    this.width = Number(element.dataset.width);
    this.height = Number(element.dataset.height);
    this.chosen = stations[0] ?? null;
    this.zone = this.chosen ? Object.keys(this.chosen.zones)[0] : null;
    /** Corners so far of the polygon that is being drawn; null: none is. */
    this.draft = null;
    this.draftStation = null;
  }

  get changed() {
    return this.stations.filter((station) => station.changed);
  }

  polygon() {
    return this.chosen?.zones[this.zone]?.polygon_px ?? null;
  }

  /** Its place in the line; where that is not said, in the list. */
  numberOf(station) {
    return station.sequence_pos ?? this.stations.indexOf(station) + 1;
  }

  choose(station, zone) {
    this.chosen = station;
    this.zone = zone ?? Object.keys(station.zones)[0] ?? null;
  }

  touch() {
    this.chosen.changed = true;
  }

  /** Begin to draw a zone of the chosen station, or the first of a new one. */
  begin(isNew) {
    this.draft = [];
    this.draftStation = isNew ? null : this.chosen;
  }

  cancel() {
    this.draft = null;
  }

  /** End drawing with these corners; false: they are too few. */
  finish(corners) {
    if (corners.length < MIN_CORNERS) return false;
    const station = this.draftStation ?? this.newStation();
    const kind = WANTED[station.rule].find((one) => !Object.values(station.zones).some((zone) => zone.kind === one)) ?? "work";
    let name = kind;
    for (let n = 2; name in station.zones; n += 1) name = `${kind}_${n}`;
    station.zones[name] = { kind, polygon_px: corners };
    this.draft = null;
    this.choose(station, name);
    this.touch();
    return true;
  }

  newStation() {
    let n = 1 + Math.max(0, ...this.taken.map((code) => Number(/(\d+)$/.exec(code)?.[1] ?? 0)));
    const code = () => `PUESTO_${String(n).padStart(2, "0")}`;
    while (this.taken.includes(code())) n += 1;
    const station = {
      module: this.module, code: code(), isNew: true, display_name: text("zones_new_name", { n }), operation: "",
      sequence_pos: this.nextPos, rule: "presence", zones: {}, limits: {}, versions: [], changed: true,
    };
    this.taken.push(station.code);
    this.nextPos += 1;
    this.stations.push(station);
    return station;
  }

  /** Take a zone away; a new station without any goes too. */
  removeZone(name) {
    delete this.chosen.zones[name];
    this.touch();
    if (Object.keys(this.chosen.zones).length === 0 && this.chosen.isNew) {
      this.stations.splice(this.stations.indexOf(this.chosen), 1);
      this.chosen = this.stations[0] ?? null;
    }
    this.zone = this.chosen ? Object.keys(this.chosen.zones)[0] ?? null : null;
  }

  inside([x, y]) {
    return [Math.min(this.width, Math.max(0, Math.round(x))), Math.min(this.height, Math.max(0, Math.round(y)))];
  }
}

/** A zone as the API takes it. */
function zoneOf(zone) {
  const own = Object.fromEntries(ZONE_FIELDS.map((name) => [name, zone[name] ?? null]));
  return { ...own, polygon_px: zone.polygon_px };
}

const zonesOf = (station) =>
  Object.fromEntries(Object.entries(station.zones).map(([name, zone]) => [name, zoneOf(zone)]));

/** A station as it is tried on what the camera sees. */
export function candidateOf(station) {
  return { module: station.module, workstation: station.code, rule: station.rule, zones: zonesOf(station) };
}

/** A station as it is saved; `replaces` is what the page showed. */
export function changeOf(station, camera) {
  const limits = Object.fromEntries(LIMITS.filter((name) => station.limits[name] != null).map((name) => [name, station.limits[name]]));
  const change = { rule: station.rule, zones: zonesOf(station), limits, replaces: station.versions };
  if (!station.isNew) return change;
  const { display_name, operation, sequence_pos } = station;
  return { ...change, camera, display_name, operation, sequence_pos };
}
