// Four weeks of efficiency, one line for each module.

import { colour, paint } from "./charts.js";
import { count, loadTexts, text } from "./format.js";

await loadTexts();
show();
addEventListener("fresh", show);

function show() {
  for (const canvas of document.querySelectorAll(".trend canvas")) {
    const days = JSON.parse(canvas.dataset.chart);
    if (days.some((one) => one.percent !== null)) paint(canvas, () => chart(days));
  }
}

function chart(days) {
  return {
    type: "line",
    data: {
      labels: days.map((one) => shortDay(one.date)),
      datasets: [{
        data: days.map((one) => one.percent),
        borderColor: colour("running"),
        backgroundColor: colour("running"),
        borderWidth: 2.5,
        spanGaps: true,
        // Too little was seen on that day: another shape, larger and hollow.
        pointStyle: days.map((one) => (one.low ? "triangle" : "circle")),
        pointBorderColor: days.map((one) => colour(one.low ? "wrong" : "running")),
        pointBackgroundColor: days.map((one) => colour(one.low ? "card" : "running")),
        pointBorderWidth: 2,
        pointRadius: days.map((one, place) => (one.low ? 6 : place === days.length - 1 ? 5 : 2)),
        tension: 0.2,
      }],
    },
    options: {
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: { label: ({ raw, dataIndex }) => label(raw, days[dataIndex]) } },
      },
      scales: {
        x: { grid: { display: false }, ticks: { maxTicksLimit: 5, maxRotation: 0 } },
        y: { suggestedMin: 50, suggestedMax: 100, ticks: { maxTicksLimit: 4, callback: (value) => text("figure_percent", { figure: count(value) }) } },
      },
    },
  };
}

function label(percent, { low }) {
  const words = text("figure_percent", { figure: count(percent) });
  return low ? `${words} · ${text("trend_low_day")}` : words;
}

function shortDay(date) {
  return `${date.slice(8)}/${date.slice(5, 7)}`;
}
