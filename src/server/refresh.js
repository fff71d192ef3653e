// Shows the page anew every few seconds while somebody looks at it. Without it, reloading does the same.
"use strict";
const PAUSE = 5000;

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(PAUSE) });
      if (!answer.ok) throw new Error(answer.status);
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      const closed = [...document.querySelectorAll("details")].map((one) => !one.open);
      for (const id of ["main", "when"]) {
        document.getElementById(id).replaceWith(document.adoptNode(next.getElementById(id)));
      }
      document.querySelectorAll("details").forEach((one, at) => { if (closed[at]) one.open = false; });
      document.body.classList.remove("stale");
    } catch {
      document.body.classList.add("stale");
    }
  }
  setTimeout(refresh, PAUSE);
}

setTimeout(refresh, PAUSE);
