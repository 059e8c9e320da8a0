/* The circles map. The list beside it says the same, so a machine without WebGL2 loses nothing.
   Tiles: /tiles/{network|areas|facilities}/{z}/{x}/{y}.mvt?{data-query}, source layer named as the layer.
   areas: name, percent (may be missing), uncertain (only where the streets are poorly known)   facilities: name, type_code   circles GeoJSON: tier (its place, from 0).
   data-types: {type_code: [place of its tier, words]}. Shapes and colours go by the tier's place, as in the legend. */
import * as maplibregl from "../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";
import { askAgain } from "./tiles.mjs";

const INK = ["#0b4f8a", "#b45309", "#7b2d8b", "#4a4f55"];
const SIDE = 36;

const hasWebGL2 = () => Boolean(document.createElement("canvas").getContext("webgl2"));

/* One shape per tier, so that colour is never alone: circle, square, triangle, diamond. */
function drawShape(tier) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const pen = canvas.getContext("2d");
  pen.fillStyle = INK[tier];
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 3;
  pen.beginPath();
  if (tier === 0) pen.arc(18, 18, 13, 0, 2 * Math.PI);
  else if (tier === 1) pen.rect(6, 6, 24, 24);
  else {
    const corners = tier === 2 ? [[18, 4], [33, 31], [3, 31]] : [[18, 3], [33, 18], [18, 33], [3, 18]];
    for (const corner of corners) pen.lineTo(...corner);
    pen.closePath();
  }
  pen.fill();
  pen.stroke();
  return pen.getImageData(0, 0, SIDE, SIDE);
}

const tiles = (layer, query) => ({
  type: "vector",
  tiles: [`${location.origin}/tiles/${layer}/{z}/{x}/{y}.mvt${query ? `?${query}` : ""}`],
  minzoom: 10,
  maxzoom: 16,
});

function makeStyle({ circles: circlesUrl, query, types }) {
  const kinds = Object.entries(JSON.parse(types));
  const shape = kinds.length ? ["match", ["get", "type_code"], ...kinds.flatMap(([code, [place]]) => [code, `tier-${place}`]), "tier-3"] : "tier-3";
  const tierColour = ["match", ["get", "tier"], 0, INK[0], 1, INK[1], 2, INK[2], INK[3]];
  return {
    version: 8,
    sources: {
      network: { ...tiles("network", query), attribution: '<a href="https://www.openstreetmap.org/copyright" rel="noopener">© OpenStreetMap contributors</a>' },
      areas: tiles("areas", query),
      facilities: tiles("facilities", query),
      circles: { type: "geojson", data: circlesUrl || { type: "FeatureCollection", features: [] } },
    },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": "#f4f6f5" } },
      { id: "areas", type: "fill", source: "areas", "source-layer": "areas",
        paint: { "fill-color": ["interpolate", ["linear"], ["coalesce", ["get", "percent"], 0], 0, "#fff4e0", 50, "#cfe6d8", 100, "#0b6b3a"], "fill-opacity": ["case", ["has", "percent"], 0.55, 0] } },
      { id: "area-edges", type: "line", source: "areas", "source-layer": "areas",
        paint: { "line-color": "#4a4f55", "line-width": 1.2, "line-dasharray": [4, 2] } },
      { id: "uncertain-edges", type: "line", source: "areas", "source-layer": "areas", filter: ["has", "uncertain"],
        paint: { "line-color": "#b45309", "line-width": 2.4, "line-dasharray": [1, 1.5], "line-offset": 2 } },
      { id: "network", type: "line", source: "network", "source-layer": "network",
        paint: { "line-color": "#767d84", "line-width": ["interpolate", ["linear"], ["zoom"], 12, 0.6, 16, 2.2] } },
      { id: "circles", type: "fill", source: "circles", paint: { "fill-color": tierColour, "fill-opacity": 0.1 } },
      { id: "circle-edges", type: "line", source: "circles", paint: { "line-color": tierColour, "line-width": 1.6 } },
      { id: "facilities", type: "symbol", source: "facilities", "source-layer": "facilities",
        layout: { "icon-image": shape, "icon-allow-overlap": true,
          "icon-size": ["interpolate", ["linear"], ["zoom"], 12, 0.7, 16, 1.2],
          "text-field": ["step", ["zoom"], "", 15, ["get", "name"]], "text-font": ["sans-serif"], "text-size": 13,
          "text-offset": [0, 1.2], "text-anchor": "top", "text-optional": true },
        paint: { "text-color": "#1a1a1a", "text-halo-color": "#ffffff", "text-halo-width": 2 } },
    ],
  };
}

function tellFacility(map, types, event) {
  const { name, type_code: code } = event.features[0].properties;
  const kind = types[code]?.[1];
  const words = document.createElement("div");
  const strong = document.createElement("strong");
  strong.textContent = name ?? "";
  words.append(strong, document.createElement("br"), kind ?? "");
  new maplibregl.Popup({ maxWidth: "280px" }).setLngLat(event.lngLat).setDOMContent(words).addTo(map);
}

function drawMap(box) {
  const types = JSON.parse(box.dataset.types);
  const map = new maplibregl.Map({
    container: box,
    style: makeStyle(box.dataset),
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
  map.once("style.load", () => {
    INK.forEach((_, place) => map.addImage(`tier-${place}`, drawShape(place), { pixelRatio: 2 }));
  });
  askAgain(map, document.getElementById("map-says"));
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-left");
  map.on("click", "facilities", (event) => tellFacility(map, types, event));
  map.once("idle", () => { box.dataset.drawn = "yes"; });
  const bounds = JSON.parse(box.dataset.bounds || "null");
  if (bounds) map.fitBounds(bounds, { padding: 16, animate: false });
  for (const link of document.querySelectorAll("a[data-lon]"))
    link.addEventListener("focus", () => map.jumpTo({ center: [Number(link.dataset.lon), Number(link.dataset.lat)] }));
  box.dispatchEvent(new CustomEvent("yl:map", { detail: map, bubbles: true }));
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
