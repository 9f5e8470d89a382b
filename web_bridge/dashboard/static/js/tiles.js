// One tile a station: state, running cycle, last cycles, median against the standard time.

import { newRecent, showRecent } from "./bars.js";
import { byId, keep, make, say } from "./dom.js";
import { count, figure, text } from "./format.js";
import { keyOf, sinceHeardS } from "./model.js";
import { bandText, percentText, signOf, versusPace } from "./pace.js";

const FULL = 1.5; // the progress bar ends at one and a half times the SAM
const AHEAD_S = 3; // the page counts on by itself no longer than this without news
const MOST_THAT_FIT = 21; // tiles on a desk's screen without scrolling
const NOTHING = { cycles: [], median_s: null, versus_sam_percent: null };
const UNKNOWN = { state: "unknown", running: null };

export function showTiles(model, module, open) {
  const stations = model.plant.stations.filter((station) => station.module === module);
  const main = byId("stations");
  main.dataset.columns = String(columns(stations.length));
  main.dataset.fits = String(stations.length <= MOST_THAT_FIT);
  if (stations.length === 0) {
    keep(main, ["empty"], () => make("p", "empty", text("empty_stations")));
    return;
  }
  keep(main, stations.map(keyOf), newTile).forEach((tile, place) => showTile(tile, stations[place], model, open));
  showBehind(stations, model);
}

/** Above the tiles: the stations of the worst band that there is, the slowest first, in words. */
function showBehind(stations, model) {
  const measured = stations
    .map((station) => ({ station, percent: (model.cycles.get(keyOf(station)) ?? NOTHING).versus_sam_percent }))
    .filter(({ percent }) => percent !== null);
  const band = ["slow", "near", "fast"].find((one) => measured.some(({ percent }) => versusPace(percent) === one)) ?? "";
  const line = byId("behind");
  line.dataset.pace = band;
  if (band === "") say(line, text("behind_unmeasured"));
  else if (band === "fast") say(line, `${signOf(band)} ${text("behind_none")}`);
  else {
    const names = measured.filter(({ percent }) => versusPace(percent) === band).sort((a, b) => b.percent - a.percent)
      .map(({ station, percent }) => text("behind_one", { station: station.display_name, versus: percentText(percent) }));
    say(line, `${signOf(band)} ${text(`behind_${band}`)} ${names.join(" · ")}`);
  }
}

/** So many columns that no row is nearly empty and three rows hold twenty-one stations. */
function columns(stations) {
  if (stations <= 3) return Math.max(1, stations);
  if (stations === 4) return 2;
  return stations <= 8 ? Math.ceil(stations / 2) : Math.min(7, Math.ceil(stations / 3));
}

function newTile() {
  const state = make("span", "state", make("i"), make("span"));
  const operation = make("p", "operation", make("span"), make("span"));
  const sum = make("div", "sum", make("span", "median", make("span"), make("span", "of"), make("b")), newVersus());
  return make("article", "tile", make("header", "", make("h2", "", make("a")), state), operation, newRunning(), newRecent(), sum);
}

function newVersus() {
  return make("span", "versus", make("span"), make("span"), make("span", "of"));
}

function newRunning() {
  const track = make("div", "track", make("div", "fill"), make("div", "mark"));
  track.setAttribute("role", "img");
  track.setAttribute("aria-label", text("running_label"));
  const progress = make("div", "progress", track, make("p", "word"));
  return make("div", "running", make("p", "elapsed", make("span"), make("small")), progress);
}

function showTile(tile, station, model, open) {
  const [head, operation, running, recent, sum] = tile.children;
  const state = model.states.get(keyOf(station)) ?? UNKNOWN;
  const cycles = model.cycles.get(keyOf(station)) ?? NOTHING;
  tile.dataset.pace = versusPace(cycles.versus_sam_percent);
  const link = head.children[0].children[0];
  say(link, station.display_name);
  link.href = `/stations/${encodeURIComponent(station.module)}/${encodeURIComponent(station.code)}`;
  head.children[1].dataset.state = state.state;
  say(head.children[1].children[1], text(`state_${state.state}`));
  say(operation.children[0], station.operation ?? "");
  say(operation.children[1], samText(station));
  showRunning(running, station, state, model);
  showRecent(recent, station, cycles.cycles, open);
  showSum(sum, cycles);
}

const samText = (station) =>
  station.sam_s === null ? text("sam_unknown") : text("sam_of", { figure: figure(station.sam_s) });

function showSum(sum, cycles) {
  const [median, versus] = sum.children;
  sum.hidden = cycles.median_s === null;
  if (sum.hidden) return;
  say(median.children[0], text("median"));
  say(median.children[1], ` ${text("median_of", { count: count(cycles.cycles.length) })}`);
  say(median.children[2], text("seconds", { figure: figure(cycles.median_s) }));
  showVersus(versus, cycles.versus_sam_percent);
}

function showVersus(versus, percent) {
  const [band, number, against] = versus.children;
  versus.dataset.pace = versusPace(percent);
  say(band, percent === null ? text("versus_unknown") : `${bandText(versusPace(percent))} `);
  say(number, percent === null ? "" : percentText(percent));
  say(against, percent === null ? "" : ` ${text("versus_against")}`);
}

/** Let the running cycles count on between two messages. */
export function tick(model, module) {
  for (const tile of byId("stations").children) {
    const station = model.plant.stations.find((one) => keyOf(one) === tile.dataset.key);
    const state = model.states.get(tile.dataset.key);
    if (station?.module === module && state?.running) showRunning(tile.children[2], station, state, model);
  }
}

function showRunning(running, station, state, model) {
  const [elapsed, progress] = running.children;
  const [track, word] = progress.children;
  const elapsedS = state.running ? state.running.elapsed_s + Math.min(sinceHeardS(state), AHEAD_S) : null;
  const overS = elapsedS === null || station.sam_s === null ? null : elapsedS - station.sam_s;
  running.dataset.quiet = String(elapsedS === null);
  running.dataset.over = String(overS !== null && overS > 0);
  track.hidden = elapsedS === null || station.sam_s === null;
  elapsed.hidden = elapsedS === null;
  if (elapsedS !== null) {
    say(elapsed.children[0], count(Math.floor(elapsedS)));
    say(elapsed.children[1], " s");
  }
  if (overS !== null) {
    track.children[0].style.width = `${Math.min(100, (100 * elapsedS) / (FULL * station.sam_s))}%`;
  }
  say(word, runningWord(state, overS, elapsedS, station, model));
}

function runningWord(state, overS, elapsedS, station, model) {
  if (elapsedS === null) return state.state === "unknown" ? unknownWord(station, model) : text("running_none");
  if (overS === null) return text("running_without_sam");
  if (overS > 0) return text("running_over", { figure: count(Math.max(1, Math.floor(overS))) });
  return text("running_left", { figure: count(Math.ceil(-overS)) });
}

/** Why nothing is known: mostly because the station's camera shows nothing. */
function unknownWord(station, model) {
  const camera = model.cameras.get(station.camera);
  if (!camera || camera.state === "online") return text("running_unknown");
  return text("state_because", { camera: camera.label, state: text(`camera_${camera.state}`).toLowerCase() });
}
