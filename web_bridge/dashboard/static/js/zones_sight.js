// What the camera shows while its zones are drawn: picture, people and what would count, whether it has moved.

import { say } from "./dom.js";
import { count, text } from "./format.js";
import { proof } from "./session.js";
import { candidateOf } from "./zones_model.js";

const PICTURE_MS = 2_000;
const TRY_MS = 1_000;
const VIEW_MS = 5_000;
const GIVE_UP_MS = 8_000;
const MIN_CORNERS = 3;

/** Call again and again, the next time after the last has ended; not while nobody sees the page. */
async function always(work, pauseMs) {
  // A picture that is asked for earlier would keep the page from ever counting as loaded where the link is slow.
  if (document.readyState !== "complete") await new Promise((go) => { addEventListener("load", go, { once: true }); });
  for (;;) {
    if (!document.hidden) await work().catch(() => {});
    await new Promise((go) => { setTimeout(go, pauseMs); });
  }
}

export function watchPicture(image, camera) {
  always(async () => {
    const next = new Image();
    next.src = `/api/v1/cameras/${camera}/frame.jpg?at=${Date.now()}`;
    await next.decode();
    image.src = next.src;
  }, PICTURE_MS);
}

/** Try the zones as they are drawn on what the camera sees, every second while it is wanted. */
export function watchPeople(model, drawing, tick, said) {
  let token = null;
  const show = (people, zones, words) => {
    drawing.seen = people;
    drawing.evidence = new Map(zones.map((zone) => [`${zone.module}/${zone.workstation}/${zone.zone}`, zone.evidence]));
    if (!drawing.grip) drawing.show();
    say(said, words);
  };
  tick.addEventListener("change", () => show([], [], ""));
  always(async () => {
    const stations = model.stations.filter(({ zones }) => Object.values(zones).some((zone) => zone.polygon_px.length >= MIN_CORNERS));
    if (!tick.checked || !stations.length) return;
    token ??= await proof();
    const answer = await fetch(`/api/v1/cameras/${model.camera}/preview`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
      body: JSON.stringify({ stations: stations.map(candidateOf) }),
      signal: AbortSignal.timeout(GIVE_UP_MS),
    });
    if (!tick.checked) return;
    if (answer.status === 403) token = null;
    if (!answer.ok) {
      show([], [], text(answer.status === 503 ? "zones_nobody_says" : "zones_not_tried"));
      return;
    }
    const { people, zones } = await answer.json();
    const counted = people.filter((person) => person.zones.length).length;
    const names = zones.filter((zone) => zone.evidence === "present").map((zone) => `${zone.workstation} (${zone.zone})`);
    show(people, zones, text("zones_tried", { people: count(people.length), counted: count(counted), zones: names.join(", ") || "–" }));
  }, TRY_MS);
}

/** Whether the camera has moved since its zones were drawn. */
export function watchView(camera, said, carryOver) {
  always(async () => {
    const answer = await fetch("/api/v1/live", { signal: AbortSignal.timeout(GIVE_UP_MS) });
    if (!answer.ok) return;
    const found = (await answer.json()).cameras.find((one) => one.label === camera);
    const view = found?.view ?? "unchecked";
    const px = count(found?.shift_px ?? 0);
    said.dataset.state = view;
    say(said, `${text(`camera_${found?.state ?? "unknown"}`)} · ${text(`zones_view_${view}`, { px })}`);
    carryOver.hidden = view !== "drifted";
  }, VIEW_MS);
}
