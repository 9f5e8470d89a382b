// The chosen station in words: what it is called, how it is measured, its zones and limits.

import { make } from "./dom.js";
import { text } from "./format.js";
import { LIMITS } from "./zones_model.js";

const RULES = ["presence", "trigger", "pick_drop"];
const KINDS = ["work", "trigger", "pick", "drop"];
const EVIDENCE = ["", "person", "motion"];
const ANCHORS = ["", "body", "feet"];
const NUMBERS = ["motion_threshold", "enter_s", "leave_s", "linger_s"];
const decimal = (value) => (value == null ? "" : String(value).replace(".", ","));

export class Panel {
  /** `changed` is called after each change of what is drawn, `chose` when another station or zone was chosen. */
  constructor(list, form, model, { changed, chose }) {
    Object.assign(this, { list, form, model, changed, chose });
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  show() {
    this.showList();
    this.form.hidden = this.model.chosen === null;
    if (this.model.chosen) this.form.replaceChildren(...this.parts(this.model.chosen));
  }

  showList() {
    this.list.replaceChildren(...this.model.stations.map((station) => {
      const button = make("button", "", `${this.nameOf(station)}${station.changed ? " *" : ""}`);
      button.type = "button";
      button.setAttribute("aria-pressed", String(station === this.model.chosen));
      button.addEventListener("click", () => {
        this.model.choose(station);
        this.chose();
        this.list.querySelector('[aria-pressed="true"]').focus();
      });
      return make("li", "", button);
    }));
  }

  /** With its number over the picture, where the name does not end with it. */
  nameOf(station) {
    const name = station.display_name || station.code;
    const number = this.model.numberOf(station);
    return new RegExp(`(^|\\D)0*${number}$`).test(name) ? name : text("zones_legend", { number, name });
  }

  parts(station) {
    const head = [];
    if (station.isNew) {
      head.push(
        this.words(text("zones_code"), station.code, (value) => { station.code = value.trim().toUpperCase(); }, { pattern: "[A-Za-z0-9][A-Za-z0-9_]{0,63}", required: true }),
        this.words(text("zones_name"), station.display_name, (value) => { station.display_name = value; }),
        this.words(text("operation"), station.operation, (value) => { station.operation = value; }, { className: "wide", list: "operations" }),
        this.number(text("zones_position"), station.sequence_pos, (value) => { station.sequence_pos = value; }),
      );
    } else {
      head.push(make("p", "across", make("b", "", station.display_name || station.code), ` ${station.code} ${station.operation ?? ""}`));
    }
    head.push(this.select(text("figure_rule"), RULES.map((rule) => [rule, text(`rule_${rule}`)]), station.rule, (value) => { station.rule = value; }));
    return [...head, ...Object.entries(station.zones).map(([name, zone]) => this.zone(name, zone)), this.limits(station)];
  }

  zone(name, zone) {
    const more = NUMBERS.map((key) => this.number(text(`zone_${key}`), zone[key], (value) => { zone[key] = value; }));
    more.unshift(this.select(text("zone_anchor"), ANCHORS.map((one) => [one, text(one ? `zone_anchor_${one}` : "zone_usual")]), zone.anchor ?? "", (value) => { zone.anchor = value || null; }));
    const remove = make("button", "", text("zone_remove"));
    remove.type = "button";
    remove.addEventListener("click", () => {
      this.model.removeZone(name);
      this.chose();
      this.changed();
    });
    return make(
      "fieldset", "", make("legend", "", `${text("zone")} ${name}`),
      this.select(text("zone_kind"), KINDS.map((one) => [one, text(`zone_kind_${one}`)]), zone.kind, (value) => { zone.kind = value; }),
      this.select(text("zone_evidence"), EVIDENCE.map((one) => [one, text(one ? `zone_evidence_${one}` : "zone_usual")]), zone.evidence ?? "", (value) => { zone.evidence = value || null; }),
      remove,
      make("details", "", make("summary", "", text("zone_more")), make("div", "", ...more)),
    );
  }

  limits(station) {
    const fields = LIMITS.map((key) => this.number(text(`limit_of_${key}`), station.limits[key], (value) => { station.limits[key] = value; }));
    return make("details", "", make("summary", "", text("zones_limits")), make("div", "", ...fields));
  }

  words(label, value, set, { className = "", ...attributes } = {}) {
    const input = make("input", className);
    input.value = value ?? "";
    input.autocomplete = "off";
    for (const [name, given] of Object.entries(attributes)) input.setAttribute(name, given === true ? "" : given);
    return this.field(label, input, () => set(input.value));
  }

  number(label, value, set) {
    const input = make("input", "small");
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.value = decimal(value);
    return this.field(label, input, () => {
      const written = input.value.trim();
      const found = written === "" ? null : Number(written.replace(",", "."));
      input.toggleAttribute("aria-invalid", Number.isNaN(found));
      if (!Number.isNaN(found)) set(found);
    });
  }

  select(label, options, value, set) {
    const select = make("select", "", ...options.map(([key, words]) => {
      const option = make("option", "", words);
      option.value = key;
      return option;
    }));
    select.value = value;
    return this.field(label, select, () => set(select.value));
  }

  field(label, input, take) {
    input.addEventListener("input", () => {
      take();
      this.model.touch();
      this.showList();
      this.changed();
    });
    return make("label", "", label, input);
  }
}
