// Words, numbers and times as the plant's people read them.

const { lang: language, dataset: { locale, zone: zoneAtFirst } } = document.documentElement;
let catalogue = {};
let zone = "";

const number = (digits) =>
  new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const whole = number(0);
const tenths = number(1);

let dayFormat;
let timeFormat;

let loading;

/** Asked for once, however many scripts of a page wait for it. */
export const loadTexts = () => (loading ??= load());

async function load() {
  const answer = await fetch(`/static/texts/${language}.json`);
  if (!answer.ok) throw new Error(`texts: ${answer.status}`);
  catalogue = await answer.json();
}

/** A text of the catalogue with its {places} filled in. */
export function text(key, values = {}) {
  const found = catalogue[key];
  if (found === undefined) throw new Error(`no text ${key} in ${language}`);
  return found.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export const hasText = (key) => key in catalogue;

export function setZone(name) {
  if (name === zone) return;
  zone = name;
  dayFormat = new Intl.DateTimeFormat(locale, {
    timeZone: zone, day: "2-digit", month: "2-digit", year: "numeric",
  });
  timeFormat = new Intl.DateTimeFormat(locale, {
    timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
}

setZone(zoneAtFirst); // at once: nothing may be shown before there is a zone

/** dd/mm/yyyy in the plant's zone. */
export const day = (date) => dayFormat.format(date);
/** hh:mm:ss in the plant's zone. */
export const time = (date) => timeFormat.format(date);

/** A day as people write it, dd/mm/yyyy, as YYYY-MM-DD; null: it is none. */
export function isoDay(written) {
  const found = /^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\s*$/.exec(written);
  if (!found) return null;
  const iso = [found[3], found[2].padStart(2, "0"), found[1].padStart(2, "0")].join("-");
  const moment = Date.parse(`${iso}T00:00:00Z`);
  return Number.isNaN(moment) || !new Date(moment).toISOString().startsWith(iso) ? null : iso;
}

export const count = (value) => whole.format(value);
/** One decimal below a hundred, none above: as many digits as one reads at a glance. */
export const figure = (value) => (Math.abs(value) < 99.95 ? tenths : whole).format(value);

/** How long ago, in the largest unit that fits. */
export function age(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 120) return text("age_seconds", { n: whole.format(s) });
  if (s < 7200) return text("age_minutes", { n: whole.format(Math.floor(s / 60)) });
  if (s < 172800) return text("age_hours", { n: whole.format(Math.floor(s / 3600)) });
  return text("age_days", { n: whole.format(Math.floor(s / 86400)) });
}
