// Keeps the page live: hears of changes by server-sent events and then fetches the page again and puts what changed of its
// main part in place; scroll position, focus and opened details stay. Where there are no events it asks every few seconds.
"use strict";
(() => {
  const live = document.getElementById("live");
  const offline = document.getElementById("offline");
  const link = document.getElementById("link");
  const often = Number(live.dataset.refresh) * 1000;
  const seldom = 60000;            // while events come: only so that "12 min" does not stand still
  const gather = 150;              // what happens together is fetched once
  const apart = 1000;              // and at most once a second

  let source = null;
  let planned = null;              // timer of the next fetch
  let plannedAt = Infinity;
  let fetched = performance.now(); // when the page was last fetched
  let fetching = false;
  let again = false;

  function say(state) {
    link.dataset.state = state;
    link.textContent = link.dataset[state];
  }

  function put(fresh) {
    const focused = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const opened = [...live.querySelectorAll("details[open]")].map((one) => one.id);
    const scrolled = [...live.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
    const before = [...live.children], after = [...fresh.children];
    if (before.length === after.length) {
      before.forEach((old, place) => old.isEqualNode(after[place]) || old.replaceWith(after[place]));
    } else {
      live.replaceChildren(...after);
    }
    Object.assign(live.dataset, fresh.dataset);
    opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    [...live.querySelectorAll(".scroll")].forEach((one, place) => { one.scrollLeft = scrolled[place] ?? 0; });
    if (focused && !live.contains(document.activeElement)) {
      live.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
  }

  async function refresh() {
    clearTimeout(planned);
    plannedAt = Infinity;
    if (fetching) { again = true; return; }
    fetching = true;
    fetched = performance.now();
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (!answer.ok && answer.status !== 404) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      put(page.getElementById("live"));
      offline.hidden = true;
    } catch {
      offline.hidden = false;
    }
    fetching = false;
    plan(again ? apart : source?.readyState === EventSource.OPEN ? seldom : often);
    again = false;
  }

  function plan(wait) {
    const at = Math.max(performance.now() + wait, fetched + apart);
    if (at >= plannedAt) return;
    clearTimeout(planned);
    plannedAt = at;
    planned = setTimeout(refresh, at - performance.now());
  }

  function isShown(event) {
    const shown = live.dataset.targets;
    return shown !== undefined && JSON.parse(shown).includes(JSON.parse(event.data).id);
  }

  function listen() {
    source = new EventSource(`/api/v1/events?after=${live.dataset.event}`);
    for (const name of ["state", "incident", "window", "gap"]) {
      source.addEventListener(name, () => plan(gather));
    }
    source.addEventListener("result", (event) => isShown(event) && plan(gather));
    source.onopen = () => { say("live"); offline.hidden = true; };
    source.onerror = () => { say("asking"); plan(often); };
  }

  function wake() {
    if (document.hidden) {         // an unseen page holds no place among the listeners
      source?.close();
      clearTimeout(planned);
      plannedAt = Infinity;
      return;
    }
    refresh().then(listen);
  }

  say("asking");
  plan(often);
  document.addEventListener("visibilitychange", wake);
  document.hidden || listen();
})();
