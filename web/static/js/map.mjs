/* The circles map. The list beside it says the same, so a machine without WebGL2 loses nothing.
   Tiles: /tiles/{network|areas|facilities}/{z}/{x}/{y}.mvt, source layer named as the layer.
   areas: name, share (0-1)   facilities: name, type_words, tier (15|10|5)   circles GeoJSON: tier, minutes. */
import * as maplibregl from "../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";

const INK = { 15: "#0b4f8a", 10: "#b45309", 5: "#7b2d8b" };
const SIDE = 36;

const hasWebGL2 = () => Boolean(document.createElement("canvas").getContext("webgl2"));

/* One shape per tier, so that colour is never alone: 15 circle, 10 square, 5 triangle. */
function drawShape(tier) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const pen = canvas.getContext("2d");
  pen.fillStyle = INK[tier];
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 3;
  pen.beginPath();
  if (tier === 15) pen.arc(18, 18, 13, 0, 2 * Math.PI);
  else if (tier === 10) pen.rect(6, 6, 24, 24);
  else {
    pen.moveTo(18, 4);
    pen.lineTo(33, 31);
    pen.lineTo(3, 31);
    pen.closePath();
  }
  pen.fill();
  pen.stroke();
  return pen.getImageData(0, 0, SIDE, SIDE);
}

const tiles = (layer) => ({
  type: "vector",
  tiles: [`${location.origin}/tiles/${layer}/{z}/{x}/{y}.mvt`],
  minzoom: 10,
  maxzoom: 16,
});

function makeStyle(circlesUrl) {
  const tierColour = ["match", ["to-number", ["get", "tier"]], 15, INK[15], 10, INK[10], INK[5]];
  return {
    version: 8,
    sources: {
      network: { ...tiles("network"), attribution: "© OpenStreetMap contributors" },
      areas: tiles("areas"),
      facilities: tiles("facilities"),
      circles: { type: "geojson", data: circlesUrl || { type: "FeatureCollection", features: [] } },
    },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": "#f4f6f5" } },
      { id: "areas", type: "fill", source: "areas", "source-layer": "areas",
        paint: { "fill-color": ["interpolate", ["linear"], ["coalesce", ["get", "share"], 0], 0, "#fff4e0", 0.5, "#cfe6d8", 1, "#0b6b3a"], "fill-opacity": 0.55 } },
      { id: "area-edges", type: "line", source: "areas", "source-layer": "areas",
        paint: { "line-color": "#4a4f55", "line-width": 1.2, "line-dasharray": [4, 2] } },
      { id: "network", type: "line", source: "network", "source-layer": "network",
        paint: { "line-color": "#767d84", "line-width": ["interpolate", ["linear"], ["zoom"], 12, 0.6, 16, 2.2] } },
      { id: "circles", type: "fill", source: "circles", paint: { "fill-color": tierColour, "fill-opacity": 0.1 } },
      { id: "circle-edges", type: "line", source: "circles", paint: { "line-color": tierColour, "line-width": 1.6 } },
      { id: "facilities", type: "symbol", source: "facilities", "source-layer": "facilities",
        layout: { "icon-image": ["concat", "tier-", ["to-string", ["get", "tier"]]], "icon-allow-overlap": true,
          "icon-size": ["interpolate", ["linear"], ["zoom"], 12, 0.45, 16, 0.8],
          "text-field": ["step", ["zoom"], "", 15, ["get", "name"]], "text-font": ["sans-serif"], "text-size": 13,
          "text-offset": [0, 1.2], "text-anchor": "top", "text-optional": true },
        paint: { "text-color": "#1a1a1a", "text-halo-color": "#ffffff", "text-halo-width": 2 } },
    ],
  };
}

function tellFacility(map, event) {
  const { name, type_words: kind } = event.features[0].properties;
  const words = document.createElement("div");
  const strong = document.createElement("strong");
  strong.textContent = name ?? "";
  words.append(strong, document.createElement("br"), kind ?? "");
  new maplibregl.Popup({ maxWidth: "280px" }).setLngLat(event.lngLat).setDOMContent(words).addTo(map);
}

function drawMap(box) {
  const map = new maplibregl.Map({
    container: box,
    style: makeStyle(box.dataset.circles),
    center: JSON.parse(box.dataset.center),
    zoom: Number(box.dataset.zoom),
    minZoom: 10,
    maxZoom: 18,
    cooperativeGestures: true,
    localIdeographFontFamily: "sans-serif",
    locale: JSON.parse(box.dataset.words),
    attributionControl: { compact: false },
    dragRotate: false,
    pitchWithRotate: false,
  });
  for (const tier of [15, 10, 5]) map.on("styleimagemissing", ({ id }) => {
    if (id === `tier-${tier}` && !map.hasImage(id)) map.addImage(id, drawShape(tier), { pixelRatio: 2 });
  });
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-left");
  map.on("click", "facilities", (event) => tellFacility(map, event));
  map.once("idle", () => { box.dataset.drawn = "yes"; });
  const bounds = JSON.parse(box.dataset.bounds || "null");
  if (bounds) map.fitBounds(bounds, { padding: 16, animate: false });
  for (const link of document.querySelectorAll("a[data-lon]"))
    link.addEventListener("focus", () => map.jumpTo({ center: [Number(link.dataset.lon), Number(link.dataset.lat)] }));
  return map;
}

for (const box of document.querySelectorAll("[data-map]")) {
  try {
    if (!hasWebGL2()) throw new Error("WebGL2 is missing");
    drawMap(box);
  } catch {
    box.replaceChildren();
    box.dataset.drawn = "no";
    const says = document.getElementById("map-says");
    if (says) says.textContent = says.dataset.noMap;
  }
}
