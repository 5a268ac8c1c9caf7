"use strict";
(() => {
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const part = (name) => document.getElementById(name);
  const fields = facts.fields.map((field, place) => {
    const input = part(`value-${place}`);
    const said = part(`said-${place}`);
    return {...field, input, said, empty: said.textContent, box: input.parentElement};
  });
  const shares = document.querySelectorAll(".shares li");
  const pushes = document.querySelectorAll(".pushes li");
  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const GONE = "The server does not answer. Is it still running?";
  const LATE = 10000;
  const idle = part("compared").textContent;

  // Words and figures

  const visible = (text) =>
    String(text).replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
  const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
  const plain = (value) =>
    typeof value === "string" ? value : String(Number(value.toPrecision(4))).replace("-", "\u2212");

  function percent(share) {
    if (share === null) return "not known";
    if (share > 0 && share < 0.0005) return "< 0.1%";
    if (share < 1 && share >= 0.9995) return "> 99.9%";
    return `${(share * 100).toFixed(1)}%`;
  }

  // Return a function that writes changes with three digits of the largest of these
  function scale(values) {
    const largest = Math.max(...values.map(Math.abs));
    const digits = largest > 0 ? Math.min(Math.max(2 - Math.floor(Math.log10(largest)), 0), 20) : 2;
    return (value) => {
      const text = value.toFixed(digits);
      return Number(text) ? text.replace("-", "\u2212").replace(/^\d/, "+$&") : "0";
    };
  }

  function element(kind, text, marks = {}) {
    const made = document.createElement(kind);
    made.textContent = visible(text);
    return Object.assign(made, marks);
  }

  // Asking: every refusal is a list of {loc, msg}, as the server gives it

  class Refused extends Error {
    constructor(problems) {
      super(problems[0].msg);
      this.problems = problems;
    }
  }

  async function post(address, type, body, signal) {
    let response;
    try {
      response = await fetch(address, {method: "POST", headers: {"Content-Type": type}, body, signal});
    } catch (error) {
      if (error.name === "TimeoutError") throw new Refused([{msg: "The server gave no answer within 10 seconds."}]);
      throw error.name === "AbortError" ? error : new Refused([{msg: GONE}]);
    }
    if (response.ok) return response;
    const {detail} = await response.json().catch(() => ({}));
    if (Array.isArray(detail) && detail.length) throw new Refused(detail);
    throw new Refused([{msg: typeof detail === "string" ? detail : `The server failed (${response.status}).`}]);
  }

  const problems = (error) => error.problems ?? [{msg: "The answer of the server cannot be read."}];

  // One row

  let stop = new AbortController();
  let timer;

  function changed() {
    stop.abort(); // an answer to what stood there before is no longer wanted
    clearTimeout(timer);
    part("answer").setAttribute("aria-busy", "true");
    timer = setTimeout(settled, 200);
  }

  function problem({texts}, text) {
    if (text === "" || texts.length) return "";
    if (/^[+-]?[1-9]\d{0,2},\d{3}$/.test(text))
      return `this comma may stand for decimals or thousands: write ${text.replace(",", ".")} or ${text.replace(",", "")}`;
    if (/^[+-]?\d{1,3}(([.,' \u00a0\u202f]\d{3})+[.,]\d*|([.,' \u00a0\u202f]\d{3}){2,}|[' \u00a0\u202f]\d{3})$/.test(text))
      return "leave out the marks between thousands";
    if (NUMBER.test(pointed(text))) return Number.isFinite(Number(pointed(text))) ? "" : "too large a number";
    return "this is not a number";
  }

  const pointed = (text) => (text.includes(".") ? text : text.replace(",", "."));

  // What is sent: a number, the text of a category, null where nothing stands
  function asSent({texts}, text) {
    if (text === "") return null;
    return texts.length ? texts[Number(text) - 1] : Number(pointed(text));
  }

  function settled() {
    const texts = fields.map(({input}) => input.value.trim());
    part("example").hidden = !fields.every(({example}, place) => texts[place] === example);
    const wrong = texts.map((text, place) => problem(fields[place], text));
    fields.forEach((field, place) => {
      tell(field, wrong[place] || (texts[place] ? "" : field.empty), wrong[place] ? "wrong" : "");
      mark(field, wrong[place] ? null : asSent(field, texts[place]));
    });
    if (wrong.some(Boolean)) refuse(`No answer: see ${fields.filter((_, place) => wrong[place]).map(({name}) => name).join(", ")}.`);
    else if (texts.some(Boolean)) ask(texts.map((text, place) => asSent(fields[place], text)));
    else say("Type a value: the answer follows.");
  }

  async function ask(values) {
    const {signal} = (stop = new AbortController());
    const body = JSON.stringify(Object.fromEntries(fields.map(({name}, place) => [name, values[place]])));
    try {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(LATE)]);
      const response = await post("predict?explain=true", "application/json", body, limited);
      const answer = await response.json();
      if (!signal.aborted) show(answer, values);
    } catch (error) {
      if (!signal.aborted) complain(problems(error));
    }
  }

  function complain(found) {
    const general = [];
    const named = [];
    for (const {loc = [], msg} of found) {
      const field = fields.find(({name}) => name === loc.at(-1));
      if (field) named.push(tell(field, msg, "wrong"));
      else general.push(msg);
    }
    refuse(named.length ? `No answer: see ${named.join(", ")}.` : general.shift(), general);
  }

  function refuse(line, more = []) {
    say(line, more);
    part("headline").className = "failed";
  }

  function say(line, notes = []) {
    part("answer").setAttribute("aria-busy", "false");
    part("headline").className = "";
    part("headline").textContent = visible(line);
    part("notes").replaceChildren(...notes.map((note) => element("li", note)));
    part("compared").textContent = idle;
    shares.forEach((row) => {
      row.classList.remove("chosen");
      row.classList.remove("excluded");
      row.querySelector(".mark").textContent = "";
      draw(row, "", "--share", 0);
    });
    pushes.forEach((row) => {
      draw(row, "", "--push", 0);
      row.querySelector(".under").textContent = "";
    });
  }

  function draw(row, figure, property, length) {
    row.querySelector(".figure").textContent = figure;
    row.querySelector("i").style.setProperty(property, length);
  }

  function tell(field, text, state) {
    field.said.textContent = visible(text);
    field.box.classList.toggle("doubted", state === "doubted");
    field.input.setAttribute("aria-invalid", String(state === "wrong"));
    return field.name;
  }

  // Where a value lies on the axis of its feature, 0 to 1
  const along = ([from, to], value) => Math.min(Math.max((value - from) / (to - from || 1), 0), 1);

  function mark({box, axis}, value) {
    const spot = box.querySelector(".spot");
    spot.hidden = value === null || !axis;
    if (!spot.hidden) spot.style.setProperty("--at", along(axis, value));
  }

  // The answer

  function show(answer, values) {
    const place = facts.classes.indexOf(answer.class);
    fields.forEach((field, each) => values[each] === null || doubt(field, answer.notes));
    if (place < 0) return refuse("No answer.", answer.notes);
    say("", answer.notes);
    const doubts = answer.notes.length ? `, ${counted(answer.notes.length, "doubt")}` : "";
    const unsure = facts.sets && answer.possible.length > 1;
    const odds = `with probability ${percent(answer.probabilities[answer.class])}${doubts}`;
    part("headline").className = unsure ? "" : `k${place % 7}`;
    part("headline").replaceChildren(
      element("strong", unsure ? "Inconclusive:" : answer.class),
      visible(unsure ? ` ${several(answer.possible)} possible. Most probable is ${answer.class}, ${odds}` : ` ${odds}`));
    shares.forEach((row, each) => {
      const share = answer.probabilities[facts.classes[each]];
      const possible = answer.possible.includes(facts.classes[each]);
      row.classList.toggle("chosen", each === place);
      row.classList.toggle("excluded", !possible);
      if (facts.sets) row.querySelector(".mark").textContent = possible ? "possible" : "excluded";
      draw(row, percent(share), "--share", share ?? 0);
    });
    if (answer.pushes) explain(answer, values, place);
  }

  const several = (names) =>
    `${names.slice(0, -1).join(", ")} and ${names.at(-1)} are ${names.length > 2 ? "all" : "both"}`;

  // A note starts with the name of its feature; one name may be the start of another
  function doubt(field, notes) {
    const owner = (note) =>
      fields.map(({name}) => name).filter((name) => note.startsWith(`${name} `)).sort((a, b) => b.length - a.length)[0];
    const own = notes.filter((note) => owner(note) === field.name).map((note) => note.slice(field.name.length + 1));
    tell(field, own.join("; "), own.length ? "doubted" : "");
  }

  function explain({output, pushes: found, class: name}, values, place) {
    const at = facts.outputs ? facts.outputs.indexOf(name) : 0;
    const moves = fields.map((field) => found.features[field.name][at]);
    if ([...moves, output[at], found.reference_output[at]].includes(null)) return; // beyond what a number can hold
    const [largest, write] = [Math.max(...moves.map(Math.abs)) || 1, scale(moves)];
    const [start, end] = [found.reference_output[at], output[at]].map(plain);
    const what = facts.outputs ? `an output for ${name}` : "an output";
    part("compared").textContent = visible(
      moves.some(Boolean)
        ? `${facts.usual[0]} of the training rows gets ${what} of ${start}, these values ${end}. Each bar is what one value adds.`
        : `${facts.usual[0]} of the training rows gets ${what} of ${start}. These values are the same, so none adds anything.`,
    );
    pushes.forEach((row, each) => {
      const [move, usual] = [moves[each], found.reference[fields[each].name]];
      const word = facts.usual[fields[each].texts.length ? 2 : 1];
      row.className = facts.outputs ? (move > 0 ? `k${place % 7}` : "") : `k${facts.ends[Number(move > 0)] % 7}`;
      draw(row, write(move), "--push", move / largest);
      row.querySelector(".under").textContent = visible(
        (values[each] === null ? "missing" : plain(values[each])) + (usual === null ? "" : `, ${word} ${plain(usual)}`),
      );
    });
  }

  // A whole file

  let sent = 0;

  async function scored(file) {
    const mine = ++sent;
    const put = (...parts) => mine === sent && part("scored").replaceChildren(...parts);
    put(element("p", `Scoring ${file.name} \u2026`));
    try {
      const response = await post("predict.csv", "application/octet-stream", file);
      const told = (name) => response.headers.get(name);
      const [rows, rejected, accuracy] = [Number(told("X-Rows")), Number(told("X-Rejected")), told("X-Accuracy")];
      const stem = file.name.replace(/(\.(csv|tsv|txt|xlsx?|ods|parquet))?(\.(gz|zip))?$/i, "");
      const notes = JSON.parse(told("X-Notes") ?? "[]").map((note) => element("p", note, {className: "quiet"}));
      const link = saved(await response.blob(), `${stem}-scored.csv`);
      if (mine !== sent) return;
      const right = accuracy === null ? "" : `, ${percent(Number(accuracy))} of those with a known class classified correctly`;
      put(element("p", `${file.name}: ${counted(rows, "row")} scored${right}; ${rejected ? counted(rejected, "row") : "none"} rejected.`),
        ...notes, choices(link, rejected && rejectedOf(file, `${stem}-rejected.csv`, rejected)));
      link.click();
    } catch (error) {
      put(...problems(error).map(({msg}) => element("p", `${file.name}: ${msg}`, {className: "failed"})));
    }
  }

  function saved(content, name) {
    const link = element("a", `Download ${name}`, {download: name, href: URL.createObjectURL(content)});
    return link;
  }

  function choices(...parts) {
    const line = document.createElement("p");
    line.append(...parts.filter(Boolean));
    return line;
  }

  function rejectedOf(file, name, count) {
    const button = element("button", `Download the ${counted(count, "rejected row")}`, {type: "button"});
    button.addEventListener("click", async () => {
      try {
        const response = await post("predict.csv?rejected=true", "application/octet-stream", file);
        saved(await response.blob(), name).click();
      } catch (error) {
        part("scored").append(...problems(error).map(({msg}) => element("p", `${file.name}: ${msg}`, {className: "failed"})));
      }
    });
    return button;
  }

  // What people do

  for (const {axis, seen, box} of fields) {
    if (!axis || !seen) continue;
    box.querySelector(".seen").style.setProperty("--from", along(axis, seen[0]));
    box.querySelector(".seen").style.setProperty("--to", along(axis, seen[1]));
  }
  const form = part("values");
  form.addEventListener("input", changed);
  form.addEventListener("reset", () => setTimeout(changed)); // once the fields are empty
  form.addEventListener("submit", (event) => event.preventDefault());
  part("clear").addEventListener("click", () => {
    fields.forEach(({input}) => (input.value = ""));
    changed();
  });
  const unfold = (hash) => {
    const finding = part(hash.slice(1));
    if (finding?.localName === "details") finding.open = true;
  };
  document.querySelectorAll(".codes a").forEach((link) => link.addEventListener("click", () => unfold(link.hash)));
  unfold(location.hash);
  part("file").addEventListener("change", ({target}) => {
    if (target.files.length) scored(target.files[0]);
    target.value = ""; // the same file can be chosen again
  });
  const dropping = (on) => document.body.classList.toggle("dropping", on);
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    dropping(true);
  });
  document.addEventListener("dragleave", ({relatedTarget}) => relatedTarget || dropping(false));
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    dropping(false);
    scored(event.dataTransfer.files[0]);
  });
  changed();
})();
