import { choice } from "./choice.js";
import { categories } from "./config.js";
import { decide } from "./decision.js";
import { button, host, make } from "./elements.js";
import { t } from "./language.js";

let dialog;

/** Opens the preferences: a native modal dialog, built when it is asked for. */
export function open() {
  if (dialog) return;
  const boxes = ["essential", ...categories].map((category) =>
    make("input", {
      type: "checkbox",
      name: category,
      checked: category == "essential" || choice[category],
      disabled: category == "essential",
    }),
  );
  // Closing first gives the focus back to what opened the dialog while that still exists.
  const close = () => dialog.close();
  const choose = (action, ...values) => {
    close();
    decide(action, ...values);
  };
  dialog = make(
    "dialog",
    { ariaLabel: t.title },
    make("div", { className: "head" }, make("h2", {}, t.title), button("close", close, "alt x")),
    make("p", {}, t.about),
    ...boxes.map((box) =>
      make("label", {}, make("span", {}, make("b", {}, t[box.name]), t[box.name + "_text"]), box),
    ),
    make(
      "div",
      { className: "row" },
      button("accept", () => choose("accept_all", true, true)),
      button(choice.performance || choice.functional ? "withdraw" : "reject", () =>
        choose("reject_all", false, false),
      ),
      button("save", () => choose("save", boxes[1].checked, boxes[2].checked), "alt"),
    ),
  );
  const holder = host("div", {}, dialog);
  dialog.onclose = () => {
    holder.remove();
    dialog = 0;
  };
  document.body.append(holder);
  dialog.showModal();
}
