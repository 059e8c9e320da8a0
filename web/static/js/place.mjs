/* A point set by hand: a click on the map fills the longitude and latitude of the form beside it.
   Without WebGL2 the two fields are typed. Tiles as in map.mjs; what is set here is WGS-84. */
import * as maplibregl from "../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";
import { askAgain } from "./tiles.mjs";

const hasWebGL2 = () => Boolean(document.createElement("canvas").getContext("webgl2"));
const tiles = (layer) => ({
  type: "vector",
  tiles: [`${location.origin}/tiles/${layer}/{z}/{x}/{y}.mvt`],
  minzoom: 10,
  maxzoom: 16,
});
const style = {
  version: 8,
  sources: {
    network: { ...tiles("network"), attribution: "© OpenStreetMap contributors" },
    areas: tiles("areas"),
    facilities: tiles("facilities"),
  },
  layers: [
    { id: "paper", type: "background", paint: { "background-color": "#f4f6f5" } },
    { id: "area-edges", type: "line", source: "areas", "source-layer": "areas",
      paint: { "line-color": "#4a4f55", "line-width": 1.2, "line-dasharray": [4, 2] } },
    { id: "network", type: "line", source: "network", "source-layer": "network",
      paint: { "line-color": "#767d84", "line-width": ["interpolate", ["linear"], ["zoom"], 12, 0.6, 16, 2.2] } },
    { id: "facilities", type: "symbol", source: "facilities", "source-layer": "facilities",
      layout: { "text-field": ["get", "name"], "text-font": ["sans-serif"], "text-size": 13, "text-optional": true },
      paint: { "text-color": "#1a1a1a", "text-halo-color": "#ffffff", "text-halo-width": 2 } },
  ],
};

function drawMap(box) {
  const map = new maplibregl.Map({
    container: box,
    style,
    center: JSON.parse(box.dataset.center),
    zoom: Number(box.dataset.zoom),
    minZoom: 3,
    maxZoom: 19,
    cooperativeGestures: true,
    localIdeographFontFamily: "sans-serif",
    locale: JSON.parse(box.dataset.words),
    attributionControl: { compact: false },
    dragRotate: false,
    pitchWithRotate: false,
  });
  askAgain(map, document.getElementById("map-says"));
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  const bounds = JSON.parse(box.dataset.bounds || "null");
  if (bounds) map.fitBounds(bounds, { padding: 16, animate: false });
  const marker = new maplibregl.Marker({ color: "#b42318" });
  const guess = JSON.parse(box.dataset.guess || "null");
  if (guess) marker.setLngLat(guess).addTo(map);
  map.on("click", ({ lngLat }) => {
    marker.setLngLat(lngLat).addTo(map);
    document.getElementById("lon").value = lngLat.lng.toFixed(7);
    document.getElementById("lat").value = lngLat.lat.toFixed(7);
    document.getElementById("crs").value = "wgs84";
    const says = document.getElementById("map-says");
    says.textContent = says.dataset.set;
  });
  map.once("idle", () => { box.dataset.drawn = "yes"; });
}

for (const box of document.querySelectorAll("[data-place-map]")) {
  try {
    if (!hasWebGL2()) throw new Error("WebGL2 is missing");
    drawMap(box);
  } catch {
    box.replaceChildren();
    box.dataset.drawn = "no";
    const says = document.getElementById("map-says");
    says.textContent = says.dataset.noMap;
  }
}
