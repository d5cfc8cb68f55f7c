// The theme draws some buttons as labels of hidden checkboxes, which only a mouse can press. This lays a real button over
// each of them, for the keyboard and for screen readers. Escape closes what a button opened.
for (const label of document.querySelectorAll("label.md-header__button:not([for^=__palette]), label.md-sidebar-button")) {
  const toggle = document.getElementById(label.htmlFor);
  const name = label.querySelector(".md-visually-hidden");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "label-button";
  button.ariaLabel = name ? name.textContent : "On this page";
  button.addEventListener("click", () => toggle.click());
  name?.remove();
  label.append(button);
  if (label.htmlFor !== "__search") {
    const update = () => button.setAttribute("aria-expanded", String(toggle.checked));
    update();
    toggle.addEventListener("change", update);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && toggle.checked) {
        toggle.click();
        button.focus();
      }
    });
  }
}

// The theme gives some landmarks the name of another one, or none.
document.querySelector("nav.md-path")?.setAttribute("aria-label", "Path of this page");
for (const nav of document.querySelectorAll("nav.md-nav[aria-labelledby]")) {
  const link = nav.parentElement.querySelector(".md-nav__link");
  nav.removeAttribute("aria-labelledby");
  nav.ariaLabel = link.textContent.trim();
}

// The theme lets the keyboard scroll wide code on some screens only.
const makeScrollable = () => {
  for (const code of document.querySelectorAll("pre > code")) {
    if (code.scrollWidth > code.clientWidth) code.tabIndex = 0;
  }
};
addEventListener("resize", makeScrollable);

addEventListener("load", () => {
  makeScrollable();
  for (const nav of document.querySelectorAll("nav.md-code__nav")) nav.setAttribute("role", "none");
  // The search is in a shadow tree, which the style sheet does not reach.
  const search = [...document.body.children].find((element) => element.shadowRoot);
  const style = document.createElement("style");
  style.textContent = '[id$="-path"][id] { color: rgb(var(--color-foreground) / 0.7); }';
  search?.shadowRoot.append(style);
});
