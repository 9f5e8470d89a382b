// The day of a station: every cycle against the SAM, and how they are spread.

import { colour, level, levels, paint } from "./charts.js";
import { byId } from "./dom.js";
import { count, figure, loadTexts, text, time } from "./format.js";
import { prepareForms } from "./forms.js";
import { pace, setThresholds } from "./pace.js";

const COLOURS = { fast: "fast", near: "near", slow: "slow", "": "running" };
const SHAPES = { fast: "circle", near: "rectRot", slow: "triangle", "": "circle" };
const HOUR_MS = 3_600_000;
const MOST_TICKS = 12;

prepareForms();
await loadTexts();
show();
addEventListener("fresh", show);

function show() {
  const canvas = byId("cycles-chart");
  const data = JSON.parse(canvas.dataset.chart);
  setThresholds(canvas.dataset);
  const points = data.cycles.map(([x, y, quality, uid]) => ({ x, y, quality, uid, pace: pace(y, data.sam_s) }));
  if (points.length === 0) return;
  paint(canvas, () => cyclesChart(data, points));
  if (data.histogram) paint(byId("histogram"), () => histogramChart(data));
}

function cyclesChart(data, points) {
  const lines = data.sam_s === null ? [] : [level(data.sam_s, text("sam"), "text")];
  const longest = Math.max(...points.map((point) => point.y), data.sam_s ?? 0);
  for (const [key, value] of [["limit_low", data.min_s], ["limit_high", data.max_s]]) {
    if (value !== null && value <= 1.3 * longest) lines.push(level(value, text(key), "wrong", [2, 3]));
  }
  return {
    type: "scatter",
    data: {
      datasets: [{
        data: points,
        pointRadius: points.length > 400 ? 2.5 : 4,
        pointStyle: points.map((point) => SHAPES[point.pace]),
        borderColor: points.map((point) => colour(COLOURS[point.pace])),
        backgroundColor: points.map((point) => (point.quality === "g" ? colour(COLOURS[point.pace]) : "transparent")),
      }],
    },
    options: {
      onClick: (_, [hit]) => { if (hit) location.href = `/cycles/${points[hit.index].uid}`; },
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: { label: ({ raw }) => `${time(new Date(raw.x))}: ${text("seconds", { figure: figure(raw.y) })}` } },
      },
      scales: {
        x: { type: "linear", ...span(points), afterBuildTicks: fullHours, ticks: { callback: (ms) => time(new Date(ms)).slice(0, 5), maxRotation: 0 } },
        y: { beginAtZero: true, ticks: { callback: (value) => text("seconds", { figure: count(value) }) } },
      },
    },
    plugins: [levels(lines)],
  };
}

/** From the full hour before the first cycle to the one after the last. */
function span(points) {
  return {
    min: Math.floor(points[0].x / HOUR_MS) * HOUR_MS,
    max: Math.ceil((points.at(-1).x + 1) / HOUR_MS) * HOUR_MS,
  };
}

function fullHours(axis) {
  const step = Math.ceil((axis.max - axis.min) / HOUR_MS / MOST_TICKS) * HOUR_MS;
  axis.ticks = [];
  for (let value = axis.min; value <= axis.max; value += step) axis.ticks.push({ value });
}

function histogramChart({ sam_s: samS, histogram: { edges_s: edges, counts } }) {
  const middles = counts.map((_, place) => (edges[place] + edges[place + 1]) / 2);
  return {
    type: "bar",
    data: {
      labels: middles.map(figure),
      datasets: [{ data: counts, backgroundColor: middles.map((middle) => colour(`bar-${pace(middle, samS) || "plain"}`)), barPercentage: 1, categoryPercentage: 0.94 }],
    },
    options: {
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: { title: ([{ dataIndex: place }]) => `${figure(edges[place])} – ${figure(edges[place + 1])} s` } },
      },
      scales: {
        x: { grid: { display: false }, title: { display: true, text: text("histogram_seconds") } },
        y: { beginAtZero: true, ticks: { precision: 0 }, title: { display: true, text: text("cycles") } },
      },
    },
  };
}
