"use strict";
// Whatever was recorded goes into the page as text: `textContent` and `append`, never markup.
(() => {
  const MARKS = {
    request: "⇥", push: "▼", pop: "▲", set: "●", reset: "○", copy: "+", hook: "◆", view: "▶",
    handler: "!", teardown: "✕", call: "ƒ", signal: "≋", read: "→",
  };
  const LANES_AT_FIRST = 6;
  const KEPT = 5000; // rows of a live page
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const rows = byId("rows"), bars = byId("bars");
  const lanes = new Map(), subjects = {}, states = new Map(), chosen = new Map();
  let events = [], shown = [], current = null, follow = data.live, waiting = true;

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const isRow = (event) => event.phase !== "end" || event.error || event.kind === "request";

  // ---- what has been recorded ----

  function feed(batch) {
    if (batch.live !== data.live) { // another server stands there now
      data.live = batch.live;
      events = [];
      current = null;
      for (const table of [lanes, states, chosen]) table.clear();
    }
    for (const lane of batch.lanes) {
      if (!lanes.has(lane.number)) lanes.set(lane.number, { ...lane, depth: 0, open: 0 });
    }
    Object.assign(subjects, batch.subjects);
    for (const event of batch.events) {
      const lane = lanes.get(event.lane);
      if (event.phase === "end") lane.depth = Math.max(0, lane.depth - 1);
      event.depth = lane.depth;
      if (event.phase === "begin") lane.depth++;
      if (event.state) {
        if (!states.has(event.lane)) states.set(event.lane, []);
        states.get(event.lane).push(event);
      }
      events.push(event);
    }
    if (data.live && events.length > KEPT) events = events.slice(-KEPT);
    const live = new Set(events.map((event) => event.lane));
    for (const number of lanes.keys()) {
      if (!live.has(number)) for (const table of [lanes, states, chosen]) table.delete(number);
    }
    for (const label of Object.keys(subjects).slice(0, -2 * KEPT)) delete subjects[label];
    if (!waiting) requestAnimationFrame(() => { waiting = false; draw(); });
    waiting = true;
  }

  // What a lane's variables held at a step: what its last change before that left there.
  function stateAt(lane, step) {
    const changes = states.get(lane) || [];
    let found = null;
    for (const change of changes) {
      if (change.step > step) break;
      found = change.state;
    }
    return found;
  }

  // ---- the lanes ----

  function isVisible(number) {
    if (chosen.has(number)) return chosen.get(number);
    const all = [...lanes.keys()];
    return all.indexOf(number) >= (data.live ? all.length - LANES_AT_FIRST : 0)
      && (data.live || all.indexOf(number) < LANES_AT_FIRST);
  }

  const laneName = (lane) =>
    lane.name.toLowerCase().startsWith(lane.kind) ? lane.name : `${lane.kind} ${lane.name}`;

  function drawLanes() {
    const box = byId("lanes");
    const labels = new Map([...box.querySelectorAll("label")].map((l) => [+l.dataset.lane, l]));
    for (const [number, label] of labels) if (!lanes.has(number)) label.remove();
    for (const lane of lanes.values()) {
      if (!labels.has(lane.number)) {
        const input = make("input", { type: "checkbox" });
        input.addEventListener("change", () => { chosen.set(lane.number, input.checked); draw(); });
        const label = make("label", {}, input, laneName(lane));
        label.dataset.lane = lane.number;
        box.append(label);
        labels.set(lane.number, label);
      }
      labels.get(lane.number).firstChild.checked = isVisible(lane.number);
    }
    const visible = [...lanes.values()].filter((lane) => isVisible(lane.number));
    byId("heads").replaceChildren(
      make("span", { textContent: "step" }), make("span", { textContent: "ms" }),
      ...visible.map((lane) => make("span", { title: laneName(lane) }, laneName(lane),
        make("small", { textContent: lane.kind === "thread" ? "" : `on ${lane.thread}` }))),
    );
    document.documentElement.style.setProperty("--lanes", Math.max(1, visible.length));
    return visible;
  }

  // ---- the bars: an app or request context, from set to reset ----

  function findBars(visible) {
    const open = new Map(visible.map((lane) => [lane.number, []])), found = [];
    let row = 0;
    const begin = (lane, subject, inherited) => {
      const list = open.get(lane);
      let depth = 0;
      while (list.some((bar) => bar.depth === depth)) depth++;
      const bar = { lane, subject, inherited, depth, from: row, to: null };
      list.push(bar);
      found.push(bar);
    };
    const end = (lane, bar) => {
      bar.to = row;
      open.set(lane, open.get(lane).filter((other) => other !== bar));
    };
    for (const event of events) {
      if (!open.has(event.lane)) continue;
      const list = () => open.get(event.lane);
      const kind = (event.subject || "")[0];
      if (event.kind === "set") begin(event.lane, event.subject, false);
      if (event.kind === "reset") {
        const bar = list().findLast((b) => b.subject === event.subject);
        if (bar && !event.note) end(event.lane, bar);
      }
      if (event.state) {
        const now = [event.state.app, event.state.request];
        for (const bar of list()) {
          const hidden = list().some((b) => !b.inherited && b.subject[0] === bar.subject[0]);
          if (bar.inherited && !now.includes(bar.subject) && !hidden) end(event.lane, bar);
        }
        for (const subject of now) {
          if (subject && !list().some((b) => b.subject === subject)) {
            begin(event.lane, subject, true);
          }
        }
      }
      if (isRow(event)) {
        row++;
        for (const bar of list()) bar.last = row;
      }
    }
    for (const bar of found) {
      bar.open = bar.to === null;
      if (bar.open) bar.to = bar.inherited ? bar.last : row;
    }
    return found;
  }

  function drawBars(visible) {
    const found = findBars(visible);
    const columns = new Map(visible.map((lane) => [lane.number, make("div")]));
    const depths = new Map();
    for (const bar of found) {
      depths.set(bar.lane, Math.max(depths.get(bar.lane) || 0, bar.depth + 1));
      const kind = bar.subject[0] === "A" ? "app" : "request";
      const state = `${bar.inherited ? " inherited" : ""}${bar.open && !bar.inherited ? " open" : ""}`;
      const element = make("div", { className: `bar ${kind}${state}`, textContent: bar.subject });
      element.dataset.subject = bar.subject;
      element.style.top = `calc(${bar.from} * var(--row) + 2px)`;
      element.style.height = `calc(${Math.max(1, bar.to - bar.from)} * var(--row) - 3px)`;
      element.style.left = `calc(${bar.depth} * var(--bar) + .45rem)`;
      columns.get(bar.lane).append(element);
    }
    bars.replaceChildren(make("span"), make("span"), ...columns.values());
    return depths;
  }

  // ---- the rows ----

  function drawRow(event, column, gutter, source) {
    const bad = event.error || (event.note || "").startsWith("refused")
      || (event.kind === "read" && !event.subject);
    const text = event.phase === "end" && event.error ? `${event.text} raised ${event.error}` : event.text;
    const what = make("div", { className: `what ${event.kind}${bad ? " bad" : ""}` },
      make("span", { className: "mark", textContent: MARKS[event.kind], ariaHidden: "true" }),
      make("span", { textContent: text, title: text }),
      make("small", { textContent: source }));
    what.style.gridColumn = column;
    what.style.setProperty("--depth", event.depth);
    what.style.setProperty("--gutter", `calc(${gutter} * var(--bar))`);
    const row = make("li", { id: `step-${event.step}` },
      make("span", { className: "number", textContent: event.step }),
      make("span", { className: "when", textContent: (event.time * 1000).toFixed(2) }), what);
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    row.setAttribute("aria-label", `Step ${event.step}, ${laneName(lanes.get(event.lane))}: ${text}`);
    row.addEventListener("click", () => select(event));
    return row;
  }

  function draw() {
    const visible = drawLanes();
    const columns = new Map(visible.map((lane, i) => [lane.number, i + 3]));
    const depths = drawBars(visible);
    shown = events.filter((event) => isRow(event) && columns.has(event.lane));
    const said = new Map(); // the line is shown where it differs from that of the step before
    rows.replaceChildren(...shown.map((event) => {
      const line = event.phase !== "end" && event.source || said.get(event.lane);
      const source = line === said.get(event.lane) ? "" : line;
      said.set(event.lane, line);
      return drawRow(event, columns.get(event.lane), depths.get(event.lane) || 0, source);
    }));
    byId("empty").hidden = shown.length > 0;
    byId("summary").textContent =
      `${shown.length} steps on ${visible.length} of ${lanes.size} lanes${data.live ? ", live" : ""}`;
    const kept = current && shown.find((event) => event.step >= current.step);
    if (shown.length) select(follow ? shown.at(-1) : kept || (current ? shown.at(-1) : shown[0]));
    else select(null);
  }

  // ---- the current step ----

  function select(event) {
    const before = rows.querySelector('[aria-selected="true"]');
    if (before) before.setAttribute("aria-selected", "false");
    current = event;
    byId("step").hidden = byId("sees").hidden = !event;
    if (!event) {
      byId("position").textContent = "";
      rows.removeAttribute("aria-activedescendant");
      return;
    }
    const row = byId(`step-${event.step}`);
    row.setAttribute("aria-selected", "true");
    rows.setAttribute("aria-activedescendant", row.id);
    const head = byId("heads").offsetHeight, box = rows.closest(".time");
    const top = row.offsetTop + byId("sheet").offsetTop;
    if (top < box.scrollTop + head) box.scrollTop = top - head - 8;
    else if (top + row.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = top + row.offsetHeight + 8 - box.clientHeight;
    }
    byId("position").textContent = `${shown.indexOf(event) + 1} of ${shown.length}`;
    drawStep(event);
    drawSees(event);
  }

  function drawStep(event) {
    const lane = lanes.get(event.lane);
    const facts = [
      ["lane", laneName(lane)],
      ["Context", `${event.context}`],
      ["token", event.token],
      ["line", event.source && `${event.source} in ${event.function}`],
      ["by", event.note],
      ["raised", event.error],
    ];
    const list = make("dl");
    for (const [term, value] of facts) {
      if (value) list.append(make("dt", { textContent: term }), make("dd", { textContent: value }));
    }
    const subject = subjects[event.subject];
    if (subject && subject.request) {
      const mine = Object.values(subjects).filter((s) => s.request === subject.request);
      const shared = mine.length > 1 ? `, shared by ${mine.map((s) => s.label).join(", ")}` : "";
      list.append(make("dt", { textContent: "request" }),
        make("dd", { textContent: `object ${subject.request}${shared}` }));
      for (const [name, value] of subject.headers) {
        list.append(make("dt", { textContent: name }), make("dd", {}, make("code", { textContent: value })));
      }
    }
    byId("step").replaceChildren(
      make("h2", { textContent: `Step ${event.step}: ${event.text}` }), list);
  }

  const tag = (label) => make("span", { className: `tag ${label[0]}`, textContent: label });
  const nothing = () => make("span", { className: "unbound", textContent: "unbound" });

  function drawSees(event) {
    const blocks = [make("h2", { textContent: "What each lane sees" })];
    for (const lane of lanes.values()) {
      if (!isVisible(lane.number)) continue;
      const title = make("h3", { textContent: laneName(lane) });
      if (lane.number === event.lane) title.className = "here";
      const state = stateAt(lane.number, event.step);
      if (!state) {
        blocks.push(title, make("p", { className: "idle", textContent: "has done nothing yet" }));
        continue;
      }
      const table = make("table");
      table.setAttribute("aria-label", `What ${laneName(lane)} sees`);
      const add = (name, label, value) => {
        const cell = label ? make("td", {}, value, tag(label)) : make("td", {}, nothing());
        const head = make("th", { textContent: name, scope: "row" });
        table.append(make("tr", {}, head, cell));
      };
      const why = (text) => table.append(make("tr", { className: "why" }, make("td"), make("td", { textContent: text })));
      const app = subjects[state.app], request = subjects[state.request];
      add("current_app", state.app, app ? app.app : "");
      add("g", state.app, "g of ");
      why(state.app_why);
      add("request", state.request, request ? request.title : "");
      const of = request && request.copy_of ? `session of ${request.copy_of}, shared with ` : "session of ";
      add("session", state.request, of);
      why(state.request_why);
      blocks.push(title, table);
    }
    byId("sees").replaceChildren(...blocks);
  }

  // ---- what the reader does ----

  const go = {
    first: () => shown[0],
    last: () => shown.at(-1),
    next: (i) => shown[Math.min(i + 1, shown.length - 1)],
    previous: (i) => shown[Math.max(i - 1, 0)],
    nextHere: (i) => shown.find((event, j) => j > i && event.lane === current.lane) || current,
    previousHere: (i) => shown.findLast((event, j) => j < i && event.lane === current.lane) || current,
  };
  const KEYS = {
    ArrowRight: "next", ArrowDown: "next", j: "next", ArrowLeft: "previous", ArrowUp: "previous",
    k: "previous", Home: "first", End: "last", n: "nextHere", p: "previousHere",
  };

  function move(where) {
    if (!shown.length) return;
    setFollow(where === "last" && data.live);
    select(go[where](shown.indexOf(current)));
  }

  function setFollow(on) {
    follow = on;
    byId("follow").setAttribute("aria-pressed", String(on));
  }

  const THEMES = ["auto", "light", "dark"];
  function nextTheme() {
    const now = document.documentElement.dataset.theme || "auto";
    const theme = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    document.documentElement.dataset.theme = theme;
    byId("theme").textContent = `Theme: ${theme}`;
  }

  document.addEventListener("keydown", (key) => {
    if (key.ctrlKey || key.altKey || key.metaKey) return;
    if (key.key === "t") nextTheme();
    else if (KEYS[key.key]) move(KEYS[key.key]);
    else return;
    key.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-go]")) {
    button.addEventListener("click", () => move(button.dataset.go));
  }
  byId("theme").addEventListener("click", nextTheme);
  byId("follow").addEventListener("click", () => { setFollow(!follow); if (follow) move("last"); });
  byId("follow").hidden = !data.live;
  if (data.live) byId("summary").ariaLive = "off"; // it changes with every request

  feed(data);
  draw();
  waiting = false;
  if (data.live) {
    const last = events.length ? events.at(-1).step : 0;
    const stream = new EventSource(`events?after=${data.live}-${last}`);
    stream.addEventListener("message", (message) => feed(JSON.parse(message.data)));
  }
})();
