// What the API refuses, in the reader's words; what it said itself stands behind, for whoever looks after the system.

import { make } from "./dom.js";
import { count, day, figure, hasText, text, time } from "./format.js";

const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const DATE = /^\d{4}-\d\d-\d\d$/;
/** For answers that are no problem details: something between the page and the API has spoken. */
const BY_STATUS = { 401: "not_signed_in", 403: "not_allowed", 404: "not_found", 409: "conflict", 413: "too_large", 422: "not_valid", 429: "too_many_requests" };

/** A refusal in words; `form` names the values as its reader sees them. */
export function refusal(status, problem, form) {
  const code = hasText(`problem_${problem.code}`) ? problem.code : BY_STATUS[status] ?? (status >= 500 ? "unavailable" : "unexpected");
  const wrong = problem.errors ?? [];
  const why = wrong.length ? [...new Set(wrong.map((one) => ofValue(one, form)))].join("; ") : phrase(code, problem.params ?? {}, form);
  return { words: text("not_saved", { why }), detail: problem.detail ?? String(status), request: problem.request_id };
}

/** Show a refusal, with what the API said itself folded away. */
export function tell(element, { words, detail, request }) {
  element.replaceChildren(words);
  if (!detail) return;
  const said = make("span", "", detail);
  said.lang = "en";
  said.translate = false;
  const parts = [make("summary", "", text("technical_detail")), said];
  if (request) parts.push(make("small", "", text("request_number", { id: request })));
  element.append(make("details", "technical", ...parts));
}

function ofValue({ where, code, params }, form) {
  const why = phrase(hasText(`problem_${code}`) ? code : "not_valid", params, form);
  const field = labelOf(where.split("."), form);
  return field ? text("field_wrong", { field, why }) : why;
}

function phrase(code, params, form) {
  const values = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, shown(value)]));
  if (params.field) values.field = labelOf([params.field], form) ?? params.field;
  if (params.rule) values.rule = text(`rule_${params.rule}`);
  if (params.kind) values.kind = text(`zone_kind_${params.kind}`);
  return text(`problem_${code}`, values);
}

function shown(value) {
  if (value === null) return text("goes_on");
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : figure(value);
  if (MOMENT.test(value)) return `${day(new Date(value))} ${time(new Date(value))}`;
  return DATE.test(value) ? day(new Date(`${value}T12:00Z`)) : value;
}

/** What the reader calls a value: the label of its field, or the word for it; null: nothing. */
function labelOf(path, form) {
  const zone = path[path.indexOf("zones") + 1];
  for (const name of [...path].reverse()) {
    const field = form?.elements.namedItem(name) ?? form?.elements.namedItem(`at:${name}`);
    const label = field?.ariaLabel ?? field?.closest?.("label")?.firstChild.textContent.trim();
    if (label) return label;
    if (name === "polygon_px") return `${text("zone")} ${hasText(`zone_kind_${zone}`) ? text(`zone_kind_${zone}`) : zone}`;
    for (const key of [`limit_of_${name}`, `zone_${name}`, `zones_${name}`]) if (hasText(key)) return text(key);
  }
  return null;
}
