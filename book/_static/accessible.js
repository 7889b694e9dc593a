// Mends what the theme leaves out for people who listen to the page.
addEventListener("DOMContentLoaded", () => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  // The sidebar with the logo is part of the site's navigation.
  for (const sidebar of all(".bd-sidebar-primary")) {
    sidebar.setAttribute("role", "navigation");
    sidebar.setAttribute("aria-label", "Site");
  }
  // An arrow in the sidebar says what it opens.
  for (const toggle of all(".bd-sidebar-primary li > details > summary")) {
    const chapter = toggle.closest("li").querySelector("a").textContent.trim();
    toggle.setAttribute("aria-label", `Sections of ${chapter}`);
  }
  // A bibliography is a list; docutils gives its entries a role that no longer may stand there.
  for (const entry of all(".citation[role]")) entry.setAttribute("role", "listitem");
  // A button's accessible name holds the words that it shows.
  for (const button of all(".search-button-field, details.hide > summary")) {
    button.setAttribute("aria-label", button.textContent.replace(/\s+/g, " ").trim());
  }
});
