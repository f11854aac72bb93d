import { choice } from "./choice.js";

let told = "default";

/** Google Consent Mode v2, where the page uses it: `default` first, `update` from then on. */
export function tellGoogle() {
  const { gtag, dataLayer } = window;
  // What gtag() itself does; Google reads an `arguments` object, not an array.
  const send = gtag || (dataLayer && function () { dataLayer.push(arguments); });
  if (!send) return;
  const state = (granted) => (granted ? "granted" : "denied");
  const functional = state(choice.functional);
  send("consent", told, {
    ad_storage: "denied",
    ad_user_data: "denied",
    ad_personalization: "denied",
    analytics_storage: state(choice.performance),
    functionality_storage: functional,
    personalization_storage: functional,
    security_storage: "granted",
  });
  told = "update";
}
