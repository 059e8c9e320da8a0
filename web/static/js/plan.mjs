/* What an officer tries out on the circles map. Everything here has a form or a list beside it.
   data-plan on the map's box: GeoJSON {properties: kind "knot"|"change"|"add"|"move", mark, name, left_out, radius_m}.
   A tap on the map fills the fields [data-plan-lon] and [data-plan-lat]; a tap on a facility chooses it in [data-plan-site]. */
const COLOUR = ["match", ["get", "kind"], "add", "#0b6b3a", "move", "#0b4f8a", "#4a4f55"];

const fill = (selector, value) => {
  for (const field of document.querySelectorAll(selector)) field.value = value;
};

const tell = (box, words) => {
  const says = document.getElementById("map-says");
  if (says) says.textContent = words;
  box.dataset.planTold = words;
};

function drawPlan(map, plan) {
  map.addSource("plan", { type: "geojson", data: plan });
  map.addLayer({ id: "plan-knots", type: "circle", source: "plan", filter: ["==", ["get", "kind"], "knot"],
    paint: { "circle-color": "#b42318", "circle-opacity": 0.25, "circle-stroke-color": "#b42318", "circle-stroke-width": 2,
      "circle-radius": ["max", 8, ["*", 2.2, ["sqrt", ["get", "left_out"]]]] } });
  map.addLayer({ id: "plan-sites", type: "circle", source: "plan", filter: ["!", ["in", ["get", "kind"], ["literal", ["knot", "change"]]]],
    paint: { "circle-color": "#ffffff", "circle-radius": 13, "circle-stroke-width": 4, "circle-stroke-color": COLOUR } });
  map.addLayer({ id: "plan-marks", type: "symbol", source: "plan",
    layout: { "text-field": ["get", "mark"], "text-font": ["sans-serif"], "text-size": 14, "text-allow-overlap": true },
    paint: { "text-color": "#1a1a1a", "text-halo-color": "#ffffff", "text-halo-width": 2 } });
}

function drawPlace(map, point) {
  const data = { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [point.lng, point.lat] } };
  if (map.getSource("place")) {
    map.getSource("place").setData(data);
    return;
  }
  map.addSource("place", { type: "geojson", data });
  map.addLayer({ id: "place", type: "circle", source: "place",
    paint: { "circle-radius": 9, "circle-color": "#ffbf00", "circle-stroke-color": "#1a1a1a", "circle-stroke-width": 3 } });
}

function takePlace(box, map, event) {
  fill("[data-plan-lon]", event.lngLat.lng.toFixed(6));
  fill("[data-plan-lat]", event.lngLat.lat.toFixed(6));
  drawPlace(map, event.lngLat);
  tell(box, box.dataset.planTaken.replace("{lon}", event.lngLat.lng.toFixed(5)).replace("{lat}", event.lngLat.lat.toFixed(5)));
}

function chooseSite(box, event) {
  const { facility_id: id, name } = event.features[0].properties;
  const fields = [...document.querySelectorAll("[data-plan-site]")];
  if (!fields.some((field) => [...field.options].some((option) => option.value === `f${id}`))) return;
  for (const field of fields) field.value = `f${id}`;
  tell(box, box.dataset.planChosen.replace("{name}", name ?? ""));
}

document.addEventListener("yl:map", (event) => {
  const map = event.detail;
  const box = event.target;
  if (!box.dataset.plan) return;
  const plan = JSON.parse(box.dataset.plan);
  map.once("load", () => {
    drawPlan(map, plan);
    box.dataset.planDrawn = "yes";
  });
  if (!document.querySelector("[data-plan-lon]")) return;
  map.on("click", (click) => takePlace(box, map, click));
  map.on("click", "facilities", (click) => chooseSite(box, click));
});
