/* The nights of a city as a chart, drawn from the table beneath it: what it shows is what the table says.
   Without this script the picture the server drew stays. By keyboard: arrows, Home and End go from day to day. */
"use strict";
(() => {
  const box = document.getElementById("nights-chart");
  const table = document.getElementById("nights");
  if (!box || !table || typeof uPlot !== "function") return;

  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const byDay = new Map(); // newest first: of several runs on a day the last one counts
  for (const row of table.tBodies[0].rows) {
    if (!byDay.has(row.dataset.day)) byDay.set(row.dataset.day, row);
  }
  const rows = [...byDay.values()].reverse();
  if (rows.length < 2) return;

  const text = (row, place) => row.cells[place].textContent.trim();
  const number = (row, place) => {
    const value = Number(text(row, place).replaceAll(",", ""));
    return Number.isNaN(value) ? null : value; // a dash is nothing counted, never zero
  };
  const days = rows.map((row) => Date.parse(row.dataset.day) / 1000);
  const data = [days, rows.map((row) => number(row, 2)), rows.map((row) => number(row, 3))];

  const DAY = 86400;
  const tag = document.documentElement.lang;
  const dayOf = new Intl.DateTimeFormat(tag, { month: "numeric", day: "numeric", timeZone: "UTC" });
  const counted = new Intl.NumberFormat(tag, { maximumFractionDigits: 0 });
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const fromZero = (_, low, high) => [0, high > 0 ? high * 1.15 : 1];
  const numbers = (_, splits) => splits.map((value) => (Number.isInteger(value) ? counted.format(value) : ""));

  /* Under the lines, each night's state: taller where it is worse, as in the strip, so that colour alone tells nothing. */
  const states = (plot) => {
    const { left, top, width, height } = plot.bbox;
    const aDay = plot.valToPos(days[0] + DAY, "x", true) - plot.valToPos(days[0], "x", true);
    const wide = Math.max(2, Math.min(aDay - 1, 16 * devicePixelRatio));
    rows.forEach((row, place) => {
      const tall = row.dataset.state === "in-sync" ? 5 : row.dataset.state === "lagging" ? 9 : 14;
      const at = plot.valToPos(days[place], "x", true) - wide / 2;
      plot.ctx.fillStyle = colour(`--${row.dataset.state}`);
      plot.ctx.globalAlpha = 0.45;
      const from = Math.max(left, at);
      plot.ctx.fillRect(from, top + height - tall * devicePixelRatio, Math.min(at + wide, left + width) - from, tall * devicePixelRatio);
      plot.ctx.globalAlpha = 1;
    });
  };

  const said = document.createElement("p");
  said.className = "quiet chart-said";
  const tell = (place) => {
    const told = rows[place];
    const words = `${text(told, 0)} · ${text(told, 1)} · ${heads[2]} ${text(told, 2)} · ${heads[3]} ${text(told, 3)}`;
    said.textContent = words;
    box.setAttribute("aria-valuenow", String(place));
    box.setAttribute("aria-valuetext", words);
  };

  box.hidden = false;
  // As wide as the longest number: a count of five figures would lie over the name of its axis.
  const wide = (_, texts) => Math.max(48, 16 + 8 * Math.max(0, ...(texts ?? []).map((text) => text.length)));
  const axis = { font: "13px sans-serif", labelFont: "13px sans-serif", stroke: colour("--quiet") };
  const plot = new uPlot(
    {
      width: box.clientWidth,
      height: 260,
      legend: { show: false },
      tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1000), "Etc/UTC"),
      cursor: { drag: { x: false, y: false }, y: false },
      scales: { x: { time: true }, received: { range: fromZero }, found: { range: fromZero } },
      series: [
        {},
        { scale: "received", stroke: colour("--link"), width: 2 },
        { scale: "found", stroke: colour("--out-of-sync"), width: 2, dash: [6, 4] },
      ],
      axes: [
        { ...axis, incrs: [1, 2, 7, 14, 28, 56].map((count) => count * DAY), values: (_, splits) => splits.map((stamp) => dayOf.format(new Date(stamp * 1000))) },
        { ...axis, scale: "received", label: `── ${heads[2]}`, size: wide, labelSize: 22, values: numbers },
        { ...axis, scale: "found", label: `- - ${heads[3]}`, side: 1, size: wide, labelSize: 22, grid: { show: false }, values: numbers },
      ],
      hooks: {
        drawClear: [states],
        setCursor: [(drawn) => drawn.cursor.idx !== null && drawn.cursor.idx !== undefined && tell(drawn.cursor.idx)],
      },
    },
    data,
    box,
  );
  box.after(said);
  document.getElementById("nights-picture")?.classList.add("drawn");

  let place = rows.length - 1;
  const show = (next) => {
    place = Math.min(rows.length - 1, Math.max(0, next));
    plot.setCursor({ left: plot.valToPos(days[place], "x"), top: 0 });
    tell(place);
  };
  box.tabIndex = 0;
  box.setAttribute("role", "slider");
  box.setAttribute("aria-valuemin", "0");
  box.setAttribute("aria-valuemax", String(rows.length - 1));
  tell(place);
  box.addEventListener("keydown", (event) => {
    const next = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    show(next);
  });
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 260 })).observe(box);
})();
