// Yamazumi: the measured medians of the stations with P10 to P90 against the takt.

import { colour, level, levels, paint } from "./charts.js";
import { byId } from "./dom.js";
import { count, figure, loadTexts, text } from "./format.js";

const ROOM_OF_A_NAME_PX = 70;
const SMALL_PX = 500;

await loadTexts();
show();
addEventListener("fresh", show);

function show() {
  const canvas = byId("balance-chart");
  const data = JSON.parse(canvas.dataset.chart);
  if (data.stations.length) paint(canvas, () => chart(canvas, data));
}

function chart(canvas, { stations, takt_s: taktS, bottleneck }) {
  const narrow = stations.length * ROOM_OF_A_NAME_PX > canvas.clientWidth;
  return {
    data: {
      labels: stations.map((one, place) => [narrow ? String(place + 1) : one.name, signOf(one)]),
      datasets: [
        {
          type: "bar",
          label: text("median"),
          data: stations.map((one) => one.median_s),
          backgroundColor: stations.map((one) => colour(one.over_takt ? "bar-slow" : "bar-fast")),
          borderColor: colour("text"),
          borderWidth: stations.map((one) => (one.code === bottleneck ? 3 : 0)),
          order: 3,
        },
        {
          type: "bar",
          label: text("spread_label"),
          data: stations.map((one) => (one.p10_s === null ? null : [one.p10_s, one.p90_s])),
          backgroundColor: colour("text"),
          barThickness: 3,
          grouped: false,
          order: 2,
        },
        {
          type: "line",
          label: text("sam"),
          data: stations.map((one) => one.sam_s),
          showLine: false,
          pointStyle: "line",
          pointRadius: Math.min(11, (0.4 * canvas.clientWidth) / stations.length),
          borderWidth: 3,
          borderColor: colour("running"),
          order: 1,
        },
      ],
    },
    options: {
      interaction: { mode: "index", intersect: false },
      onClick: (_, [hit]) => {
        if (hit) location.href = `/stations/${document.body.dataset.module}/${stations[hit.index].code}${location.search}`;
      },
      plugins: {
        legend: { position: "bottom", labels: { usePointStyle: false, boxWidth: 16 } },
        tooltip: { callbacks: { title: ([{ dataIndex }]) => title(stations[dataIndex], bottleneck), label } },
      },
      scales: {
        x: { grid: { display: false }, ticks: { autoSkip: false, maxRotation: 0, font: { size: canvas.clientWidth < SMALL_PX ? 9 : 12 } } },
        y: { beginAtZero: true, ticks: { callback: (value) => text("seconds", { figure: count(value) }) } },
      },
    },
    plugins: [levels(taktS === null ? [] : [level(taktS, text("takt"), "wrong")])],
  };
}

function signOf({ over_takt: over }) {
  if (over === null) return "";
  return over ? "✕" : "✓";
}

function title(station, bottleneck) {
  const over = station.over_takt === null ? "" : `${signOf(station)} ${text(station.over_takt ? "over_takt" : "within_takt")}`;
  return [station.name, over, station.code === bottleneck ? text("bottleneck") : ""].filter(Boolean).join(" · ");
}

function label({ dataset, raw }) {
  const value = Array.isArray(raw) ? raw.map(figure).join(" – ") : figure(raw);
  return `${dataset.label}: ${text("seconds", { figure: value })}`;
}
