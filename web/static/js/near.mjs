/* Walks from where the phone is, on a tap: the position goes once with this form and is written nowhere.
   Without scripts, or where the phone does not tell, the board walks from her home. */
const form = document.querySelector("form[data-near]");

function ask(says) {
  says.textContent = says.dataset.asking;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      form.elements.lon.value = coords.longitude.toFixed(4); // ten metres are near enough for a walk
      form.elements.lat.value = coords.latitude.toFixed(4);
      form.requestSubmit();
    },
    () => { says.textContent = says.dataset.denied; },
    { enableHighAccuracy: false, timeout: 10000, maximumAge: 60000 },
  );
}

if (form && "geolocation" in navigator) {
  const says = form.querySelector("[role=status]");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    if (form.elements.lon.value) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // nothing was sent yet
    delete form.dataset.sent;
    ask(says);
  });
}
