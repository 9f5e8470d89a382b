// Module, time, connection, cameras, notices.

import { POLL_S } from "./connection.js";
import { byId, keep, make, say } from "./dom.js";
import { age, count, day, hasText, text, time } from "./format.js";
import { sinceHeardS } from "./model.js";

const SIGNS = { online: "✓", offline: "✕", starting: "…", ended: "■", unknown: "?" };
const WITH_AGE = ["online", "offline"];

export function showModule(model, selected) {
  const module = model.plant.modules.find((one) => one.code === selected);
  say(byId("module"), module?.display_name ?? model.plant.name ?? "LBZF");
  say(byId("reference"), module?.product_reference ?? "");
  document.title = module ? `${module.display_name} · LBZF` : "LBZF";
}

export function showTime(model) {
  const now = model.now();
  say(byId("clock"), time(now));
  say(byId("date"), day(now));
}

export function showConnection(connection) {
  const state = connection.state;
  document.body.dataset.connection = state;
  say(byId("connection"), text(`connection_${state}`, { age: age(connection.silentS), seconds: count(POLL_S) }));
}

/** What a person must know before believing the figures. */
export function showNotice(model, connection) {
  const words = noticeOf(model, connection);
  const notice = byId("notice");
  say(notice, words);
  notice.hidden = !words;
}

function noticeOf(model, connection) {
  if (connection.state === "lost") return text("notice_lost", { age: age(connection.silentS) });
  if (!model.plant?.known) return text("notice_starting");
  const words = model.graph.alarms.map((alarm) => text(`alarm_${alarm}`));
  words.push(...[...model.cameras.values()].filter(needsSomebody).map(viewAlarm));
  if (!model.graph.up) words.push(text("notice_missing", { nodes: model.graph.missing.map(nodeName).join(", ") }));
  return words.join(" ");
}

function needsSomebody(camera) {
  return camera.view === "drifted" || camera.view === "unknown";
}

function viewAlarm(camera) {
  return text(`alarm_view_${camera.view}`, { camera: camera.label, px: count(camera.shift_px ?? 0) });
}

function nodeName(node) {
  const [, kind, label] = /^(.*?)(?:_(cam\d+))?$/.exec(node);
  return hasText(`node_${kind}`) ? text(`node_${kind}`, { label }) : node;
}

export function showCameras(model, module) {
  const cameras = [...model.cameras.values()].filter((camera) => camera.module === module);
  keep(byId("cameras"), cameras.map((camera) => camera.label), newCamera).forEach((chip, place) => {
    const camera = cameras[place];
    const [sign, label, state, view, ageText] = chip.children;
    chip.dataset.state = camera.state;
    say(sign, SIGNS[camera.state]);
    say(label, camera.label);
    say(state, text(`camera_${camera.state}`));
    chip.dataset.view = camera.view ?? "";
    say(view, needsSomebody(camera) ? text(`view_${camera.view}`, { px: count(camera.shift_px ?? 0) }) : "");
    view.hidden = !needsSomebody(camera);
    say(ageText, lastPicture(camera));
  });
}

function newCamera() {
  const chip = make("li", "camera", make("span", "sign"), make("b"), make("span"), make("span", "view"), make("span", "age"));
  chip.children[0].setAttribute("aria-hidden", "true");
  chip.lastElementChild.title = text("camera_age_title");
  return chip;
}

function lastPicture(camera) {
  if (camera.state === "ended") return "";
  if (camera.last_frame === null) return camera.state === "offline" ? text("camera_never") : "";
  if (camera.last_frame_age_s !== null && WITH_AGE.includes(camera.state)) {
    // The server repeats an age when its second changes: what passes in between is added here, up to one change.
    return text("camera_age", { age: age(camera.last_frame_age_s + Math.min(sinceHeardS(camera), 0.9)) });
  }
  const last = new Date(camera.last_frame);
  return text("camera_last", { time: `${day(last)} ${time(last)}` });
}
