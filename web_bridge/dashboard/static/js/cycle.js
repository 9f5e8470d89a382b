// A cycle's picture and figures, in a dialog.

import { byId, make, say } from "./dom.js";
import { count, day, figure, hasText, text, time } from "./format.js";
import { versusText } from "./pace.js";

let shown = null;

export function prepareDialog() {
  const dialog = byId("cycle");
  const picture = byId("cycle-picture");
  byId("cycle-close").onclick = () => dialog.close();
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  dialog.onclose = () => {
    if (dialog.open) return; // the event comes later than the closing: another cycle is shown by now
    shown = null;
    picture.removeAttribute("src");
  };
  picture.onerror = () => hasPicture(false);
}

export async function openCycle(station, cycle) {
  shown = cycle.event_uid;
  say(byId("cycle-title"), [station.display_name, station.operation].filter(Boolean).join(" · "));
  byId("cycle-figures").replaceChildren(make("div", "", make("dt", "", text("cycle_loading"))));
  byId("cycle-open").href = `/cycles/${encodeURIComponent(shown)}`;
  byId("cycle-day").href = `/stations/${encodeURIComponent(station.module)}/${encodeURIComponent(station.code)}`;
  const address = `/api/v1/events/${encodeURIComponent(shown)}`;
  say(byId("cycle-no-picture"), text("picture_missing"));
  hasPicture(true);
  byId("cycle-picture").src = `${address}/frame.jpg`;
  byId("cycle").showModal();
  const rows = await readFigures(address, station);
  if (shown === cycle.event_uid) byId("cycle-figures").replaceChildren(...rows);
}

function hasPicture(there) {
  byId("cycle-picture").hidden = !there;
  byId("cycle-no-picture").hidden = there;
}

function tellArchived(stamp) {
  if (stamp === null) return;
  say(byId("cycle-no-picture"), text("picture_archived", { date: day(new Date(stamp)) }));
  hasPicture(false);
}

async function readFigures(address, station) {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(8000) });
    if (!answer.ok) throw new Error(String(answer.status));
    const cycle = await answer.json();
    if (shown === cycle.event_uid) tellArchived(cycle.frame_archived_at);
    return figures(cycle, station);
  } catch {
    return [make("div", "", make("dt", "", text("cycle_failed")))];
  }
}

function figures(cycle, station) {
  const percent = station.sam_s === null ? null : 100 * (cycle.duration_s / station.sam_s - 1);
  const model = `${cycle.model.name} ${cycle.model.version}`;
  return [
    row("figure_duration", duration(cycle)),
    row("figure_versus", versusText(percent)),
    row("figure_start", moment(cycle.start)),
    row("figure_end", moment(cycle.end)),
    row("figure_quality", word("quality", cycle.quality)),
    row("figure_observed", share(cycle.observed_share)),
    row("figure_dwell", share(cycle.primary_dwell_ratio)),
    row("figure_confidence", share(cycle.mean_confidence)),
    row("figure_camera", cycle.camera),
    row("figure_rule", word("rule", cycle.rule)),
    row("figure_model", model),
    row("figure_uid", cycle.event_uid, "wide"),
  ];
}

const row = (key, value, className = "") =>
  make("div", className, make("dt", "", text(key)), make("dd", "", value ?? text("not_known")));

const share = (value) => (value === null ? null : text("figure_percent", { figure: count(100 * value) }));

const word = (kind, value) => (hasText(`${kind}_${value}`) ? text(`${kind}_${value}`) : value);

function duration(cycle) {
  const seconds = text("seconds", { figure: figure(cycle.duration_s) });
  if (cycle.duration_uncertainty_s === null) return seconds;
  return text("figure_duration_value", {
    figure: figure(cycle.duration_s), uncertainty: figure(cycle.duration_uncertainty_s),
  });
}

function moment(stamp) {
  if (stamp === null) return null;
  const date = new Date(stamp);
  return `${day(date)} ${time(date)}`;
}
