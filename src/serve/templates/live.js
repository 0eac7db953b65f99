const live = document.getElementById("live");
const look = async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(live.dataset.path);
    if (answer.status !== 200) return;
    const link = document.createElement("a");
    link.href = location.pathname + location.search;
    link.textContent = await answer.text();
    if (live.textContent !== link.textContent) live.replaceChildren(link);
  } catch {}
};
setInterval(look, 60000);
document.addEventListener("visibilitychange", look);
