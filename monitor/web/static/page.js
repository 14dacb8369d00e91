// Fetches the page again and puts its main part in place of the old one: scroll position, focus and opened details stay.
"use strict";
(() => {
  const offline = document.getElementById("offline");

  function put(fresh) {
    const live = document.getElementById("live");
    const focused = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const opened = [...live.querySelectorAll("details[open]")].map((one) => one.id);
    live.innerHTML = fresh.innerHTML;
    opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    if (focused) live.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  async function refresh() {
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      put(page.getElementById("live"));
      offline.hidden = true;
    } catch {
      offline.hidden = false;
    }
  }

  const seconds = Number(document.getElementById("live").dataset.refresh);
  setInterval(() => document.hidden || refresh(), seconds * 1000);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
})();
