/* A tile that did not come (a busy server, a lost line) is asked for again, three times, ever later; so a map is not
   left half painted. What stays away is said below the map, where the list says the same as the map anyway. */
const WAITS = [1000, 3000, 9000];

const mayComeLater = ({ status } = {}) => !status || status === 429 || status >= 500;

export function askAgain(map, says) {
  const tried = new Map();
  map.on("error", ({ sourceId, tile, error }) => {
    if (!sourceId || !tile || !mayComeLater(error)) return;
    const at = tile.tileID.canonical;
    const key = `${sourceId}/${at.z}/${at.x}/${at.y}`;
    const times = tried.get(key) ?? 0;
    tried.set(key, times + 1);
    if (times < WAITS.length) setTimeout(() => map.getSource(sourceId) && map.refreshTiles(sourceId, [at]), WAITS[times]);
    else if (says?.dataset.part) says.textContent = says.dataset.part;
  });
}
