// The last cycles of a station as bars against its standard time, oldest on the left.

import { keep, make, say } from "./dom.js";
import { figure, text, time } from "./format.js";
import { pace, signOf, versusText } from "./pace.js";

const ROOM = 1.25; // the line of the SAM keeps some room above it
const TALLEST = 2; // a longer cycle is drawn as twice the SAM; its figure says how long it was
const FIGURES = "var(--figures)"; // room for the figures below the bars; tiles.css says how much

export function newRecent() {
  const line = make("div", "samline", make("span", "", text("sam")));
  const bars = make("div", "bars");
  bars.setAttribute("role", "group");
  bars.setAttribute("aria-label", text("recent_label"));
  line.setAttribute("aria-hidden", "true");
  return make("div", "recent", bars, line, make("p", "none", text("empty_cycles")));
}

/** @param open called with the cycle whose bar was pressed. */
export function showRecent(recent, station, cycles, open) {
  const [bars, line, none] = recent.children;
  const shown = [...cycles].reverse();
  none.hidden = shown.length > 0;
  bars.hidden = shown.length === 0;
  line.hidden = shown.length === 0 || station.sam_s === null;
  const top = scale(shown, station.sam_s);
  if (!line.hidden) line.style.bottom = heightOf(station.sam_s / top, FIGURES);
  keep(bars, shown.map((cycle) => cycle.event_uid), newBar).forEach((bar, place) => {
    showBar(bar, shown[place], station, top);
    bar.onclick = () => open(station, shown[place]);
  });
}

function scale(cycles, samS) {
  const longest = Math.max(...cycles.map((cycle) => cycle.duration_s), 0);
  return samS === null ? longest || 1 : Math.max(ROOM * samS, Math.min(longest, TALLEST * samS));
}

/** A share of the room above the figures, from a length up. */
const heightOf = (share, from) => `calc((100% - ${FIGURES}) * ${share} + ${from})`;

function newBar() {
  const bar = make("button", "bar", make("span", "block"), make("span", "length"));
  bar.type = "button";
  return bar;
}

function showBar(bar, cycle, station, top) {
  const [block, figureText] = bar.children;
  const percent = station.sam_s === null ? null : 100 * (cycle.duration_s / station.sam_s - 1);
  bar.dataset.pace = pace(cycle.duration_s, station.sam_s);
  bar.dataset.quality = cycle.quality;
  say(block, signOf(bar.dataset.pace));
  block.style.height = heightOf(Math.min(1, cycle.duration_s / top), "0px");
  say(figureText, figure(cycle.duration_s));
  bar.setAttribute("aria-label", text("bar_label", {
    time: time(new Date(cycle.start)),
    figure: figure(cycle.duration_s),
    versus: versusText(percent),
    quality: text(`quality_${cycle.quality}`),
  }));
}
